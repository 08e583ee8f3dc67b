// Reads records, one a line, sends each as it comes, and prints the verdict of each: "ok", or "refused" and a code.
//
//	cd examples/clients/go && go run ./send SOCKET [DEADLINE_MS] < records.ndjson
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"audit-sidecar.example/clients/auditclient"
)

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		fail("Usage: send SOCKET [DEADLINE_MS]")
	}
	deadline := 5 * time.Second
	if len(os.Args) == 3 {
		milliseconds, err := strconv.Atoi(os.Args[2])
		if err != nil {
			fail("The deadline is no number of milliseconds")
		}
		deadline = time.Duration(milliseconds) * time.Millisecond
	}
	audit, err := auditclient.Connect(os.Args[1], auditclient.Options{Deadline: deadline})
	if err != nil {
		fail(err.Error())
	}
	// More than can be under way or wait, so that reading never waits for printing.
	verdicts := make(chan (<-chan auditclient.Verdict), 100_000)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for verdict := range verdicts {
			if verdict := <-verdict; verdict.OK {
				fmt.Println("ok")
			} else {
				fmt.Println("refused", verdict.Code)
			}
		}
	}()
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			verdicts <- audit.Send(line)
		}
		if err != nil {
			break
		}
	}
	close(verdicts)
	audit.Close()
	<-printed
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}
