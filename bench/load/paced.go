package load

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// PacedOptions say at which rate to send.
type PacedOptions struct {
	// Options say what; Limit is not read.
	Options
	// Rate is requests per second over all connections.
	Rate int
}

// PacedResult is Result with how long each answer took.
type PacedResult struct {
	Result
	// Latencies are in microseconds, in no order, each from the moment at which its
	// request was due, not from when it was sent: a server that stalls delays what
	// comes after, and that counts.
	Latencies []float64
}

// Paced sends requests at a fixed rate, whatever the server does. Each connection
// has every n-th of them, and its turn to come later than planned if the one before
// is still outstanding.
func Paced(o PacedOptions, source Source) (PacedResult, error) {
	if o.Rate <= 0 {
		return PacedResult{}, errors.New("no rate")
	}
	if o.Connections <= 0 {
		o.Connections = 16
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	runners := make([]*pacer, min(o.Connections, max(o.Requests, 1)))
	for i := range runners {
		c, err := dial(o.Address, o.Timeout)
		if err != nil {
			return PacedResult{}, err
		}
		defer c.close()
		runners[i] = &pacer{runner: runner{opts: o.Options, source: source}, conn: c, first: i, step: len(runners), gap: time.Second / time.Duration(o.Rate)}
	}
	begin := time.Now().Add(5 * time.Millisecond)
	var group sync.WaitGroup
	for _, p := range runners {
		group.Go(func() { p.run(begin) })
	}
	group.Wait()
	var all PacedResult
	for _, p := range runners {
		r := p.result
		all.Sent, all.Right, all.Wrong = all.Sent+r.Sent, all.Right+r.Right, all.Wrong+r.Wrong
		if all.FirstWrong == "" {
			all.FirstWrong = r.FirstWrong
		}
		all.Latencies = append(all.Latencies, p.latencies...)
	}
	all.Wall = time.Since(begin)
	return all, nil
}

// pacer is one connection's part of a paced run.
type pacer struct {
	runner
	conn        *conn
	first, step int
	gap         time.Duration
	latencies   []float64
}

func (p *pacer) run(begin time.Time) {
	for i := p.first; i < p.opts.Requests; i += p.step {
		due := begin.Add(time.Duration(i) * p.gap)
		time.Sleep(time.Until(due))
		number := p.opts.First + i
		p.result.Sent++
		if err := p.once(number); err != nil {
			p.conn.close()
			p.wrong(number, err.Error())
			continue
		}
		p.result.Right++
		p.latencies = append(p.latencies, float64(time.Since(due))/1e3)
	}
}

// once sends one request and reads its answer.
func (p *pacer) once(number int) error {
	c := p.conn
	if c.net == nil {
		fresh, err := dial(p.opts.Address, p.opts.Timeout)
		if err != nil {
			return err
		}
		c.net, c.until = fresh.net, time.Time{}
	}
	p.out = p.source.Append(p.out[:0], number)
	if err := c.write(p.out); err != nil {
		return err
	}
	status, ends, err := c.read()
	if err == nil && status != p.opts.Status {
		return fmt.Errorf("status %d instead of %d", status, p.opts.Status)
	}
	if ends {
		c.close()
	}
	return err
}
