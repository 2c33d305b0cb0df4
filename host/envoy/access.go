package envoy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Access is one access-log record: how a request ended.
type Access struct {
	// Listener is the door that it came through.
	Listener string `json:"listener"`
	// Client is the address of the client's end of the connection.
	Client string `json:"client"`
	// Status is the status that was answered; 0 if none was.
	Status int `json:"status"`
	// Details is Envoy's %RESPONSE_CODE_DETAILS%, such as `via_upstream` or what
	// a plugin gave with its local answer.
	Details string `json:"details"`
	// Flags is Envoy's %RESPONSE_FLAGS%, "-" if there are none.
	Flags string `json:"flags"`
	// Fields are those of [Options.AccessFields] that have a value.
	Fields map[string]string `json:"fields"`
}

type accessKey struct{ listener, client string }

// accessReader follows the access log. Its lock is the Envoy's.
type accessReader struct {
	file    *os.File
	pending []byte
	records map[accessKey][]Access
}

// Access waits for the next record of the given listener and client address
// (the LocalAddr of the connection that the request was sent on).
func (e *Envoy) Access(ctx context.Context, listener, client string) (Access, error) {
	key := accessKey{listener, client}
	var record Access
	err := e.poll(ctx, func() (bool, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if err := e.access.read(accessLogPath(e.dir)); err != nil {
			return false, err
		}
		waiting := e.access.records[key]
		if len(waiting) == 0 {
			return false, nil
		}
		record, e.access.records[key] = waiting[0], waiting[1:]
		return true, nil
	})
	if err != nil {
		return Access{}, fmt.Errorf("waiting for the access record of %s at %s: %w", client, listener, err)
	}
	return record, nil
}

// read takes in what was appended since the last call.
func (a *accessReader) read(path string) error {
	if a.file == nil {
		file, err := os.Open(path)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		a.file, a.records = file, map[accessKey][]Access{}
	}
	more, err := io.ReadAll(a.file)
	if err != nil {
		return err
	}
	a.pending = append(a.pending, more...)
	for {
		line, rest, whole := bytes.Cut(a.pending, []byte("\n"))
		if !whole {
			return nil
		}
		a.pending = rest
		var record Access
		if err := json.Unmarshal(line, &record); err != nil {
			return fmt.Errorf("access log line %q: %w", line, err)
		}
		key := accessKey{record.Listener, record.Client}
		a.records[key] = append(a.records[key], record)
	}
}

func (a *accessReader) close() {
	if a.file != nil {
		_ = a.file.Close()
		a.file = nil
	}
}
