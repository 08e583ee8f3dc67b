// Package auditclient sends records to audit-sidecar and tells of each whether it is kept, with nothing but Go's
// standard library.
//
// It keeps the contract of docs/clients.md. A record whose connection ends before its reply came is sent again, so it
// may be in the log twice: readers match records by request.id and type.
package auditclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"
)

// Options of a client. Zero stands for the default.
type Options struct {
	// Deadline is how long a record without a reply is waited for, 5 s. The sidecar answers a little after the longest
	// write_timeout of its devices at the latest, 2 s where nothing else is said.
	Deadline time.Duration
	// Window is how many records are under way at a time, 512.
	Window int
	// Queue is how many wait behind those, 10,000. One more is refused at once.
	Queue int
}

// Verdict is what became of a record. Unless OK, the call that it is about must not be carried out.
type Verdict struct {
	OK bool
	// Code is that of the sidecar (docs/errors.md), or one of these:
	//
	//	unreachable  its time passed before it could be sent
	//	unanswered   its time passed without a reply: it may be kept or not
	//	queue_full   too many records wait already
	//	aborted      its context was done before there was a reply: it may be kept or not
	//	closed       the client was closed
	Code string
	// Message is for people; it never quotes the record.
	Message string
}

var (
	recorded  = Verdict{OK: true}
	aborted   = Verdict{Code: "aborted", Message: "the caller waits no longer"}
	closed    = Verdict{Code: "closed", Message: "the client was closed"}
	queueFull = Verdict{Code: "queue_full", Message: "too many records wait already"}
	noRecord  = Verdict{Code: "invalid_record", Message: "it cannot be written as one line of JSON"}
)

// Client of one ingest listener. Any number of goroutines may use it.
type Client struct {
	options Options
	wake    chan struct{}
	ended   chan struct{}

	mutex    sync.Mutex
	waiting  []*pendingRecord
	draining bool
}

// pendingRecord is a record whose verdict, or at least whose reply, is waited for.
type pendingRecord struct {
	line      []byte
	deadline  time.Time
	writtenAt time.Time
	settled   bool
	verdict   chan Verdict
}

// Connect makes a client of the listener at that path, which has replies: status or devices. It connects at once, and
// again whenever that is needed; while there is no connection, records wait.
func Connect(path string, options Options) (*Client, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, errors.New("cannot connect: wanted the path of a UNIX socket")
	}
	if options.Deadline < 0 || options.Window < 0 || options.Queue < 0 {
		return nil, errors.New("cannot connect: no option may be below 0")
	}
	if options.Deadline == 0 {
		options.Deadline = 5 * time.Second
	}
	if options.Window == 0 {
		options.Window = 512
	}
	if options.Queue == 0 {
		options.Queue = 10_000
	}
	client := &Client{options: options, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go newCourier(client, path).run()
	return client, nil
}

// Record sends the entry and waits for what becomes of it, as long as the deadline at most. An entry that is a []byte or
// json.RawMessage is JSON already.
func (client *Client) Record(ctx context.Context, entry any) Verdict {
	select {
	case verdict := <-client.Send(entry):
		return verdict
	case <-ctx.Done():
		return aborted
	}
}

// Send is Record without waiting. Records reach the sidecar in the order of the calls.
func (client *Client) Send(entry any) <-chan Verdict {
	record := &pendingRecord{line: lineOf(entry), verdict: make(chan Verdict, 1)}
	client.mutex.Lock()
	defer client.mutex.Unlock()
	switch {
	case client.draining:
		record.settle(closed)
	case record.line == nil:
		record.settle(noRecord)
	case len(client.waiting) >= client.options.Queue:
		record.settle(queueFull)
	default:
		record.deadline = time.Now().Add(client.options.Deadline)
		client.waiting = append(client.waiting, record)
		client.rouse()
	}
	return record.verdict
}

// Close takes no more records, waits for the verdicts that are due, and ends the connection.
func (client *Client) Close() {
	client.mutex.Lock()
	client.draining = true
	client.rouse()
	client.mutex.Unlock()
	<-client.ended
}

func (client *Client) rouse() {
	select {
	case client.wake <- struct{}{}:
	default:
	}
}

func (record *pendingRecord) settle(verdict Verdict) {
	if !record.settled {
		record.settled = true
		record.verdict <- verdict
	}
}

// lineOf is the entry as a line, or nil when it cannot be one. A second line would be a second record.
func lineOf(entry any) []byte {
	line, isText := entry.([]byte)
	if !isText {
		var err error
		if line, err = json.Marshal(entry); err != nil {
			return nil
		}
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	if bytes.IndexByte(line, '\n') >= 0 || len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	// A copy: the caller may write something else there.
	return append(append(make([]byte, 0, len(line)+1), line...), '\n')
}
