package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line that is read, in bytes: 64 MiB.
const MaxLine = 64 << 20

// errLong is what becomes of a longer line. It has been read to its end.
var errLong = fmt.Errorf("the line is longer than %d bytes", MaxLine)

// Run answers every line of r on w, each with one Write, and returns at the end
// of r. An error is r's or w's, or ctx's: no case is one.
func (e *Engine) Run(ctx context.Context, r io.Reader, w io.Writer) error {
	lines := make(chan input)
	done := make(chan struct{})
	defer close(done)
	// A read from a terminal or a pipe cannot be interrupted; its goroutine
	// ends with the next line or the process.
	go readLines(r, lines, done)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case in := <-lines:
			if in.err != nil && !errors.Is(in.err, errLong) {
				if errors.Is(in.err, io.EOF) {
					return nil
				}
				return fmt.Errorf("read: %w", in.err)
			}
			out, err := e.line(ctx, in).Line()
			if err == nil {
				_, err = w.Write(out)
			}
			if err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	}
}

// line runs one line.
func (e *Engine) line(ctx context.Context, in input) *Answer {
	if in.err != nil {
		return failed(nil, ReasonInput, in.err.Error())
	}
	c, err := ParseCase(in.text)
	if err != nil {
		return failed(c.Name, ReasonInput, err.Error())
	}
	return e.Do(ctx, c)
}

// input is a line without its end, or the error that ended the reading.
type input struct {
	text []byte
	err  error
}

// readLines sends every line that is not blank, then the error, io.EOF at the
// end. It ends when done does.
func readLines(r io.Reader, lines chan<- input, done <-chan struct{}) {
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		text, err := readLine(br)
		if len(bytes.TrimSpace(text)) > 0 || errors.Is(err, errLong) {
			in := input{text: text}
			if errors.Is(err, errLong) {
				in, err = input{err: errLong}, nil
			}
			select {
			case lines <- in:
			case <-done:
				return
			}
		}
		if err != nil {
			select {
			case lines <- input{err: err}:
			case <-done:
			}
			return
		}
	}
}

// readLine reads a line. Of one that is too long it reads all and keeps nothing.
func readLine(br *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := br.ReadSlice('\n')
		if !long && len(line)+len(part) <= MaxLine+1 {
			line = append(line, part...)
		} else {
			long, line = true, nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errLong // at the end, the next read says so again
		}
		return bytes.TrimSuffix(line, []byte("\n")), err
	}
}
