package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/postern-wasm/postern/host"
)

// Case is one line. The zero value is a line that asks for nothing.
type Case struct {
	// Name is given back as it is; nil for a case without a name.
	Name *string
	// Config is the JSON text of the configuration, or nil.
	Config json.RawMessage
	// Module is the path of another module, or nil.
	Module *string
	// RootID, VMConfig and PluginConfig are what another module gets, or nil.
	RootID, VMConfig, PluginConfig *string
	// Env is the environment of a fresh instance, or nil.
	Env map[string]string
	// Profile is the proxy to behave like, or nil.
	Profile *host.Profile
	// Now is what the clock is set to, or nil.
	Now *time.Time
	// Request is what is sent, or nil.
	Request *Request
	// Callouts replaces the table of answers, by "<cluster> <uri>"; nil keeps it.
	Callouts map[string]Script
	// Properties are raw values by dotted path. A nil value takes a default away.
	Properties map[string][]byte
	// UpstreamResponse is what the upstream answers, or nil.
	UpstreamResponse *Response
}

// Request is a request as the client sends it.
type Request struct {
	// Method is GET if the line names none.
	Method string
	// Scheme is "https" if the line names none.
	Scheme string
	// Authority is taken from a host header if the line names none.
	Authority string
	// Path is the target without its query: "/" if the line names none. The
	// method CONNECT has none.
	Path string
	// Query is what follows the question mark; nil where there is none.
	Query *string
	// Headers are the header lines in order.
	Headers []Header
	// Body is the whole body.
	Body []byte
	// Trailers are the trailers; nil for none.
	Trailers []Header
	// Chunks are the sizes of the pieces in which the body comes, in bytes.
	// What they leave over comes as one piece more. Nil: pieces of 16 KiB and
	// an empty one.
	Chunks []int
}

// Response is an upstream's answer.
type Response struct {
	// Status is the status code, 100 to 599; 200 if the line names none.
	Status int
	// Headers are the header lines in order.
	Headers []Header
	// Body is the whole body.
	Body []byte
	// Trailers are the trailers; nil for none.
	Trailers []Header
}

var caseNames = []string{
	"name", "config", "now", "request", "callouts", "properties", "env", "module", "root_id",
	"vm_config", "plugin_config", "profile", "upstream_response",
}

// ParseCase reads one line. It returns the name also with an error, where the
// line is an object that has one. The case aliases nothing of the line.
func ParseCase(line []byte) (*Case, error) {
	c := &Case{}
	if !utf8.Valid(line) {
		return c, errors.New("not JSON: not UTF-8")
	}
	var first error
	err := members(line, func(name string, value json.RawMessage) error {
		// The name is wanted even when a member before it is wrong.
		if err := c.decode(name, value); err != nil && first == nil {
			first = err
		}
		return nil
	})
	if err == nil {
		err = first
	}
	if err == nil && c.Config != nil && c.PluginConfig != nil {
		err = errors.New("config and plugin_config: want one of them")
	}
	return c, err
}

// decode reads one member.
func (c *Case) decode(name string, raw json.RawMessage) (err error) {
	switch name {
	case "name":
		c.Name, err = stringPointer(raw)
	case "config":
		c.Config = raw
	case "now":
		c.Now, err = decodeTime(raw)
	case "request":
		c.Request, err = decodeRequest(raw)
	case "callouts":
		c.Callouts, err = decodeCallouts(raw)
	case "properties":
		c.Properties, err = decodeProperties(raw)
	case "env":
		c.Env, err = decodeStrings(raw)
	case "module":
		c.Module, err = stringPointer(raw)
	case "root_id":
		c.RootID, err = stringPointer(raw)
	case "vm_config":
		c.VMConfig, err = stringPointer(raw)
	case "plugin_config":
		c.PluginConfig, err = stringPointer(raw)
	case "profile":
		c.Profile, err = decodeProfile(raw)
	case "upstream_response":
		c.UpstreamResponse, err = decodeResponse(raw)
	default:
		// A line may carry more than the case: what its author expects, where it is
		// from. Only a name that looks like a slip of the pen is refused.
		if mistaken(name, caseNames) {
			return unknown(name, caseNames)
		}
	}
	return at(name, err)
}

// starts reports whether the case asks for a fresh instance.
func (c *Case) starts() bool {
	return c.Config != nil || c.Module != nil || c.RootID != nil || c.VMConfig != nil ||
		c.PluginConfig != nil || c.Env != nil || c.Profile != nil
}

func stringPointer(raw json.RawMessage) (*string, error) {
	s, err := decodeString(raw)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

func decodeProfile(raw json.RawMessage) (*host.Profile, error) {
	s, err := decodeString(raw)
	if err != nil {
		return nil, err
	}
	p, ok := host.ParseProfile(s)
	if !ok {
		return nil, fmt.Errorf("unknown profile %q; want envoy, google or nginx", s)
	}
	return &p, nil
}

// maxUnixSeconds is the last second whose nanoseconds fit the ABI's clock as
// Go and Envoy hold it (int64): the year 2262.
const maxUnixSeconds = math.MaxInt64/1_000_000_000 - 1

// decodeTime reads Unix seconds, which may be fractional.
func decodeTime(raw json.RawMessage) (*time.Time, error) {
	errRange := fmt.Errorf("want Unix seconds from 0 to %d", int64(maxUnixSeconds))
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		if n < 0 || n > maxUnixSeconds {
			return nil, errRange
		}
		t := time.Unix(n, 0)
		return &t, nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !(f >= 0 && f <= maxUnixSeconds) {
		return nil, errRange
	}
	whole, frac := math.Modf(f)
	t := time.Unix(int64(whole), int64(math.Round(frac*1e9)))
	return &t, nil
}

var requestNames = []string{
	"method", "scheme", "authority", "path", "query", "headers", "body_base64", "trailers", "chunks",
}

func decodeRequest(raw json.RawMessage) (*Request, error) {
	r := &Request{}
	path := false
	err := members(raw, func(name string, value json.RawMessage) (err error) {
		var t Text
		switch name {
		case "method":
			r.Method, err = decodeString(value)
		case "scheme":
			r.Scheme, err = decodeString(value)
		case "authority":
			t, err = decodeText(value)
			r.Authority = string(t)
		case "path":
			t, err = decodeText(value)
			r.Path, path = string(t), true
		case "query":
			t, err = decodeText(value)
			q := string(t)
			r.Query = &q
		case "headers":
			r.Headers, err = decodeHeaders(value)
		case "body_base64":
			r.Body, err = decodeBase64(value)
		case "trailers":
			r.Trailers, err = decodeHeaders(value)
		case "chunks":
			r.Chunks, err = decodeChunks(value)
		default:
			return unknown(name, requestNames)
		}
		return at(name, err)
	})
	if r.Method == "" {
		r.Method = "GET"
	}
	if r.Scheme == "" {
		r.Scheme = "https"
	}
	if !path && r.Method != "CONNECT" {
		r.Path = "/"
	}
	return r, err
}

func decodeChunks(raw json.RawMessage) ([]int, error) {
	sizes := []int{}
	err := elements(raw, func(i int, value json.RawMessage) error {
		n, err := decodeInt(value, 0, MaxLine)
		sizes = append(sizes, int(n))
		return atIndex(i, err)
	})
	return sizes, err
}

var responseNames = []string{"status", "headers", "body_base64", "trailers"}

func decodeResponse(raw json.RawMessage) (*Response, error) {
	r := &Response{Status: 200}
	err := members(raw, func(name string, value json.RawMessage) (err error) {
		switch name {
		case "status":
			r.Status, err = decodeStatus(value)
		case "headers":
			r.Headers, err = decodeHeaders(value)
		case "body_base64":
			r.Body, err = decodeBase64(value)
		case "trailers":
			r.Trailers, err = decodeHeaders(value)
		default:
			return unknown(name, responseNames)
		}
		return at(name, err)
	})
	return r, err
}

// decodeStatus reads a status code. 1xx is not final, but a scripted service
// may give one, and the module must live with it.
func decodeStatus(raw json.RawMessage) (int, error) {
	n, err := decodeInt(raw, 100, 599)
	return int(n), err
}
