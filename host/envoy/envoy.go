package envoy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Envoy is one running process. Its methods may be called concurrently, except
// that Stop ends what the others need.
type Envoy struct {
	opts    Options
	dir     string
	ownDir  bool
	cmd     *exec.Cmd
	ended   chan struct{} // closed once the process is reaped
	exit    error         // valid once ended is closed
	admin   string        // host:port
	client  *http.Client
	startup time.Duration

	mu      sync.Mutex
	keep    bool
	version int // of the listener discovery response
	addrs   map[string]string
	access  accessReader
}

// StartError is why Envoy did not come up.
type StartError struct {
	// Reason says in one line what happened.
	Reason string
	// Exit is the process's exit code, or -1 while it had not ended.
	Exit int
	// Plugin holds the lines that plugins logged, in order, without Envoy's prefix.
	Plugin []string
	// Tail holds the last lines of Envoy's own log.
	Tail []string
	// Log is the path of the whole log, which is kept.
	Log string
}

// Error names the cause and what the plugin, or else Envoy, had to say.
func (e *StartError) Error() string {
	said := e.Plugin
	if len(said) == 0 {
		said = e.Tail
	}
	return fmt.Sprintf("envoy did not start: %s (log: %s)\n%s", e.Reason, e.Log, strings.Join(said, "\n"))
}

// Start runs Envoy and returns once its admin interface says LIVE and every
// listener is bound. If ctx ends first, the process is ended and the error says so.
// A refused plugin configuration, a port in use or a dead process is a [*StartError].
func Start(ctx context.Context, options Options) (*Envoy, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Envoy{opts: o, dir: o.Dir, ended: make(chan struct{}), client: adminClient()}
	if e.dir == "" {
		e.ownDir = true
		if e.dir, err = os.MkdirTemp("", "postern-envoy-"); err != nil {
			return nil, err
		}
	}
	begin := time.Now()
	if err := e.launch(); err != nil {
		_ = e.Stop()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	if err := e.settle(ctx); err != nil {
		e.Keep()
		err = e.startError(err)
		_ = e.Stop()
		return nil, err
	}
	e.startup = time.Since(begin)
	return e, nil
}

// launch writes the configuration and starts the process.
func (e *Envoy) launch() error {
	if err := os.MkdirAll(filepath.Dir(ldsPath(e.dir)), 0o750); err != nil {
		return err
	}
	config := e.opts.Bootstrap
	if config == nil {
		var err error
		if config, err = bootstrap(e.opts, e.dir); err != nil {
			return err
		}
		if err := e.writeListeners(e.opts.Listeners); err != nil {
			return err
		}
	}
	// Envoy takes the format from the file's name; YAML includes JSON.
	path := filepath.Join(e.dir, "bootstrap.yaml")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return err
	}
	logFile, err := os.Create(e.LogPath())
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	e.cmd = exec.Command(e.opts.Binary,
		"-c", path,
		"--disable-hot-restart",
		"--concurrency", strconv.Itoa(e.opts.Concurrency),
		"--admin-address-path", e.adminPath(),
		"--log-level", e.opts.LogLevel,
		"--log-format", "[%l][%n] %v",
		"--file-flush-interval-msec", "5",
		"--drain-time-s", "1",
	)
	e.cmd.Stdout, e.cmd.Stderr = logFile, logFile
	ended, err := spawn(e.cmd)
	if err != nil {
		e.cmd = nil
		return fmt.Errorf("starting %s: %w", e.opts.Binary, err)
	}
	go func() {
		e.exit = <-ended
		close(e.ended)
	}()
	return nil
}

// errEnded is why waiting for something in Envoy was given up.
var errEnded = errors.New("the process ended")

// settle waits for the admin interface, for LIVE and for the listeners.
func (e *Envoy) settle(ctx context.Context) error {
	if err := e.poll(ctx, func() (bool, error) {
		text, err := os.ReadFile(e.adminPath())
		if err != nil {
			return false, nil //nolint:nilerr // not yet written
		}
		_, _, err = net.SplitHostPort(string(text))
		e.admin = string(text)
		return err == nil, nil
	}); err != nil {
		return fmt.Errorf("waiting for the admin interface: %w", err)
	}
	if err := e.poll(ctx, func() (bool, error) {
		status, _, err := e.get(ctx, "/ready")
		return err == nil && status == http.StatusOK, nil
	}); err != nil {
		return fmt.Errorf("waiting for readiness: %w", err)
	}
	if err := e.readAddrs(ctx); err != nil {
		return err
	}
	if e.opts.AllowRefused {
		return nil
	}
	for _, l := range e.opts.Listeners {
		if e.Addr(l.Name) == "" {
			return fmt.Errorf("listener %q was refused", l.Name)
		}
	}
	return nil
}

// poll calls done every few milliseconds until it says true or fails, ctx ends
// or the process does.
func (e *Envoy) poll(ctx context.Context, done func() (bool, error)) error {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.ended:
			return errEnded
		case <-ticker.C:
		}
	}
}

// startError wraps cause with all that can be said about a failed start.
func (e *Envoy) startError(cause error) error {
	exit := -1
	reason := cause.Error()
	select {
	case <-e.ended:
		exit = e.cmd.ProcessState.ExitCode()
		reason = fmt.Sprintf("%s with exit code %d", reason, exit)
	default:
	}
	lines := e.logLines()
	return &StartError{
		Reason: reason, Exit: exit, Plugin: pluginLines(lines, ""),
		Tail: tail(lines, 20), Log: e.LogPath(),
	}
}

// Stop ends the process, waits for its end and removes its files unless they
// are to be kept. It is safe to call twice. The error says that the process had
// ended by itself before.
func (e *Envoy) Stop() error {
	var err error
	if e.cmd != nil {
		select {
		case <-e.ended:
			err = fmt.Errorf("envoy had ended before it was stopped: %w (log: %s)", errOr(e.exit, errEnded), e.LogPath())
		default:
			_ = e.cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-e.ended:
			case <-time.After(5 * time.Second):
				_ = e.cmd.Process.Kill()
				<-e.ended
			}
		}
		e.cmd = nil
	}
	e.client.CloseIdleConnections()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.access.close()
	if err != nil {
		e.keep = true
	}
	if e.ownDir && !e.keep {
		return errors.Join(err, os.RemoveAll(e.dir))
	}
	return err
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Keep makes Stop leave the working directory in place, for a look at the logs.
func (e *Envoy) Keep() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keep = true
}

// Dir is the working directory, with configuration and logs.
func (e *Envoy) Dir() string { return e.dir }

// LogPath is the file with everything that Envoy and its plugins logged.
func (e *Envoy) LogPath() string { return filepath.Join(e.dir, "envoy.log") }

// PID is the process's id.
func (e *Envoy) PID() int { return e.cmd.Process.Pid }

// Startup is the time from exec to LIVE with all listeners bound.
func (e *Envoy) Startup() time.Duration { return e.startup }

// Addr is the host:port that the named listener is bound to, or "".
func (e *Envoy) Addr(listener string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addrs[listener]
}

func (e *Envoy) adminPath() string { return filepath.Join(e.dir, "admin.address") }
