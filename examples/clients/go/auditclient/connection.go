package auditclient

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
)

// A reply is a few hundred bytes, with one entry for each device where the listener says so.
const longestReply = 1024 * 1024

// connection to a sidecar, with a goroutine for each direction.
type connection struct {
	socket net.Conn
	// lines has room for a whole window, so that whoever writes into it never waits.
	lines chan []byte
	// verdicts has one for each reply. It is closed when the connection has ended, and after what is no reply.
	verdicts chan Verdict
	over     chan struct{}
}

// dial is nil when nobody is there.
func dial(path string, options Options) *connection {
	socket, err := net.DialTimeout("unix", path, options.Deadline)
	if err != nil {
		return nil
	}
	connection := &connection{
		socket:   socket,
		lines:    make(chan []byte, options.Window),
		verdicts: make(chan Verdict, 64),
		over:     make(chan struct{}),
	}
	go connection.write()
	go connection.read()
	return connection
}

func (connection *connection) close() {
	close(connection.over)
	connection.socket.Close()
}

func (connection *connection) write() {
	writer := bufio.NewWriterSize(connection.socket, 64*1024)
	for {
		select {
		case line := <-connection.lines:
			writer.Write(line)
		case <-connection.over:
			return
		}
		// Records that wait together leave together. That a write fails, the reader notices.
		if len(connection.lines) == 0 {
			writer.Flush()
		}
	}
}

func (connection *connection) read() {
	defer close(connection.verdicts)
	scanner := bufio.NewScanner(connection.socket)
	scanner.Buffer(nil, longestReply)
	scanner.Split(wholeLines)
	for scanner.Scan() {
		verdict, isReply := verdictOf(scanner.Bytes())
		if !isReply {
			return
		}
		select {
		case connection.verdicts <- verdict:
		case <-connection.over:
			return
		}
	}
}

// wholeLines leaves out what comes after the last newline: half a reply is none.
func wholeLines(read []byte, _ bool) (int, []byte, error) {
	if end := bytes.IndexByte(read, '\n'); end >= 0 {
		return end + 1, read[:end], nil
	}
	return 0, nil, nil
}

func verdictOf(line []byte) (verdict Verdict, isReply bool) {
	var reply struct {
		OK      *bool   `json:"ok"`
		Code    *string `json:"code"`
		Message string  `json:"message"`
	}
	if json.Unmarshal(line, &reply) != nil || reply.OK == nil {
		return Verdict{}, false
	}
	if *reply.OK {
		return recorded, true
	}
	if reply.Code == nil {
		return Verdict{}, false
	}
	return Verdict{Code: *reply.Code, Message: reply.Message}, true
}
