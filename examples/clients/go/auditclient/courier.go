package auditclient

import (
	"math/rand"
	"time"
)

// Between two attempts to connect: at first, and at most.
const (
	firstWait   = 20 * time.Millisecond
	longestWait = 2 * time.Second
)

// courier brings records to a sidecar in order, over one connection after another, and tells what became of each. One
// goroutine runs it.
type courier struct {
	client *Client
	path   string
	dialed chan *connection
	// connection is nil while there is none; dialing, while one is being made.
	connection *connection
	dialing    bool
	// underWay was written to the connection, in the order in which replies come.
	underWay []*pendingRecord
	// turnedAway was answered stopping: it is sent again on the next connection.
	turnedAway []*pendingRecord
	wait       time.Duration
	connectAt  time.Time
	// random is its own: that of the package is the same in each process of Go 1.19.
	random *rand.Rand
}

func newCourier(client *Client, path string) *courier {
	return &courier{
		client: client,
		path:   path,
		dialed: make(chan *connection, 1),
		wait:   firstWait,
		random: rand.New(rand.NewSource(time.Now().UnixNano())),
	}
}

func (courier *courier) run() {
	defer close(courier.client.ended)
	for {
		now := time.Now()
		courier.endOverdue(now)
		if courier.isDone() {
			break
		}
		if courier.connection == nil && !courier.dialing && !now.Before(courier.connectAt) {
			courier.dial()
		}
		courier.write(now)
		courier.waitForSomething()
	}
	if courier.connection != nil {
		courier.connection.close()
	}
	if courier.dialing {
		if late := <-courier.dialed; late != nil {
			late.close()
		}
	}
}

func (courier *courier) waitForSomething() {
	var verdicts <-chan Verdict
	if courier.connection != nil {
		verdicts = courier.connection.verdicts
	}
	var alarm <-chan time.Time
	if next := courier.nextDeadline(); !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-courier.client.wake:
	case connection := <-courier.dialed:
		courier.dialing = false
		if courier.connection = connection; connection == nil {
			courier.connectLater()
		}
	case verdict, isReply := <-verdicts:
		courier.take(verdict, isReply)
	case <-alarm:
	}
}

func (courier *courier) isDone() bool {
	client := courier.client
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.draining && len(client.waiting) == 0 &&
		firstOpen(courier.underWay) == nil && firstOpen(courier.turnedAway) == nil
}

func (courier *courier) dial() {
	courier.dialing = true
	go func() {
		courier.dialed <- dial(courier.path, courier.client.options)
	}()
}

func (courier *courier) connectLater() {
	// Spread, so that many clients of a sidecar that was restarted do not come at once.
	courier.connectAt = time.Now().Add(courier.wait/2 + time.Duration(courier.random.Int63n(int64(courier.wait/2))))
	if courier.wait *= 2; courier.wait > longestWait {
		courier.wait = longestWait
	}
}

// write hands records to the connection as long as the window has room.
func (courier *courier) write(now time.Time) {
	client := courier.client
	client.mutex.Lock()
	defer client.mutex.Unlock()
	// A sidecar that turns records away is about to end the connection.
	for courier.connection != nil && len(courier.turnedAway) == 0 && len(client.waiting) > 0 &&
		len(courier.underWay) < client.options.Window {
		record := client.waiting[0]
		client.waiting = client.waiting[1:]
		record.writtenAt = now
		courier.underWay = append(courier.underWay, record)
		courier.connection.lines <- record.line
	}
}

func (courier *courier) take(verdict Verdict, isReply bool) {
	// No reply, or more replies than records: whoever that is, it is no sidecar.
	if !isReply || len(courier.underWay) == 0 {
		courier.lost()
		return
	}
	courier.wait = firstWait
	record := courier.underWay[0]
	courier.underWay = courier.underWay[1:]
	if verdict.Code == "stopping" {
		courier.turnedAway = append(courier.turnedAway, record)
	} else {
		record.settle(verdict)
	}
	if len(courier.turnedAway) > 0 && len(courier.underWay) == 0 {
		courier.lost()
	}
}

// lost puts what has no reply before anything newer, to be sent again.
func (courier *courier) lost() {
	courier.connection.close()
	courier.connection = nil
	var again []*pendingRecord
	for _, record := range append(courier.turnedAway, courier.underWay...) {
		if !record.settled {
			again = append(again, record)
		}
	}
	courier.turnedAway = nil
	courier.underWay = nil
	client := courier.client
	client.mutex.Lock()
	client.waiting = append(again, client.waiting...)
	client.mutex.Unlock()
	courier.connectLater()
}

func (courier *courier) endOverdue(now time.Time) {
	for _, record := range courier.turnedAway {
		if !record.deadline.After(now) {
			record.settle(Verdict{Code: "stopping", Message: "the sidecar is stopping"})
		}
	}
	for _, record := range courier.underWay {
		if record.deadline.After(now) {
			break
		}
		record.settle(Verdict{Code: "unanswered", Message: "no reply within the deadline"})
	}
	client := courier.client
	client.mutex.Lock()
	for len(client.waiting) > 0 && !client.waiting[0].deadline.After(now) {
		client.waiting[0].settle(Verdict{Code: "unreachable", Message: "not sent within the deadline"})
		client.waiting = client.waiting[1:]
	}
	client.mutex.Unlock()
	// Replies are matched by their order, so a connection on which one is missing is worth nothing any more.
	if courier.connection != nil && len(courier.underWay) > 0 && !courier.stallsAt().After(now) {
		courier.lost()
	}
}

func (courier *courier) stallsAt() time.Time {
	return courier.underWay[0].writtenAt.Add(courier.client.options.Deadline)
}

// nextDeadline is when something is due even if nothing happens; zero when nothing is.
func (courier *courier) nextDeadline() time.Time {
	var first time.Time
	due := func(at time.Time) {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	client := courier.client
	client.mutex.Lock()
	defer client.mutex.Unlock()
	for _, records := range [][]*pendingRecord{courier.turnedAway, courier.underWay, client.waiting} {
		if record := firstOpen(records); record != nil {
			due(record.deadline)
		}
	}
	if courier.connection == nil && !courier.dialing {
		due(courier.connectAt)
	}
	if courier.connection != nil && len(courier.underWay) > 0 {
		due(courier.stallsAt())
	}
	return first
}

func firstOpen(records []*pendingRecord) *pendingRecord {
	for _, record := range records {
		if !record.settled {
			return record
		}
	}
	return nil
}
