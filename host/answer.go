package host

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/hostcall"
	"github.com/postern-wasm/postern/host/internal/state"
)

// tooLarge answers for a body that outgrew the buffer (FilterManager::
// requestDataTooLarge, responseDataTooLarge).
func (s *Stream) tooLarge(response bool) {
	if response {
		s.reply(&hostcall.Reply{
			Status: 500, Body: []byte("Internal Server Error"),
			Details: "response_payload_too_large", GRPCStatus: -1,
		}, true)
		return
	}
	s.reply(&hostcall.Reply{
		Status: 413, Body: []byte("Payload Too Large"),
		Details: "request_payload_too_large", GRPCStatus: -1,
	}, s.ex.Response.HasHeaders)
}

// reply answers the request. late says that a response was on its way when the
// guest answered: the upstream's, or an answer of its own that passes its
// response callbacks. Otherwise the first answer wins, and passes them itself.
// (Measured on Envoy 1.40: FilterManager::sendLocalReply.)
func (s *Stream) reply(r *hostcall.Reply, late bool) {
	if s.over != 0 || s.replying && !late {
		return
	}
	s.ex.Request.Aborted = true
	s.ex.Request.Out = state.Output{}
	s.ex.Details = r.Details
	s.answer = s.localAnswer(r)
	if s.ex.Response.HasHeaders {
		s.ex.Response.Aborted, s.replying = true, false
		s.over = StateAnswered
		if s.fed[1].taken {
			s.answer = Answer{}
			s.over = StateReset // too late: part of another response is out
		}
		s.signal()
		return
	}
	s.replying = true
	headers := append([]abi.Pair(nil), s.answer.Headers...)
	body := s.answer.Body
	s.deliverHeaders(true, headers, state.ResponseMap, len(body) == 0)
	if len(body) > 0 && s.over == 0 {
		s.deliverBody(true, body, true)
	}
	s.checkAnswer()
}

// checkAnswer ends the exchange once a local answer has passed the response
// callbacks.
func (s *Stream) checkAnswer() {
	f := &s.ex.Response
	if !s.replying || s.over != 0 || !f.Out.End {
		return
	}
	s.replying = false
	s.over = StateAnswered
	s.answer.Headers = append([]abi.Pair(nil), f.Headers.Pairs...)
	s.answer.Body = f.Out.Body
	if n, err := strconv.Atoi(f.Headers.Value(":status")); err == nil {
		s.answer.Status = n
	}
	f.Out = state.Output{}
	s.signal()
}

// localAnswer forms an answer as Envoy does (Utility::prepareLocalReply).
func (s *Stream) localAnswer(r *hostcall.Reply) Answer {
	h := state.HeaderMap{Kind: state.ResponseMap}
	h.Add(":status", strconv.FormatUint(uint64(r.Status), 10))
	for _, p := range r.Headers {
		h.Add(p.Name, p.Value)
	}
	a := Answer{Status: int(r.Status), Details: r.Details, GRPCStatus: r.GRPCStatus, Body: r.Body}
	request := &s.ex.Request.Headers
	head := request.Value(":method") == "HEAD"
	switch {
	case isGRPC(request.Value("content-type")):
		grpcAnswer(&h, r, head)
		a.Status, a.Body = 200, nil
	case len(r.Body) > 0:
		setInPlace(&h, "content-length", strconv.Itoa(len(r.Body)))
		if _, ok := h.Get([]byte("content-type")); !ok {
			h.Add("content-type", "text/plain")
		}
	default:
		h.Remove("content-length")
		h.Remove("content-type")
	}
	if head {
		a.Body = nil
	}
	a.Headers = h.Pairs
	return a
}

// setInPlace changes a header where it stands, or adds it.
func setInPlace(h *state.HeaderMap, name, value string) {
	for i := range h.Pairs {
		if h.Pairs[i].Name == name {
			h.Pairs[i].Value = value
			return
		}
	}
	h.Add(name, value)
}

func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+')
}

// grpcAnswer makes the headers those of a trailers-only gRPC response.
func grpcAnswer(h *state.HeaderMap, r *hostcall.Reply, head bool) {
	setInPlace(h, ":status", "200")
	setInPlace(h, "content-type", "application/grpc")
	if h.Value("grpc-status") == "" {
		status := r.GRPCStatus
		if status < 0 {
			status = grpcStatus(r.Status)
		}
		setInPlace(h, "grpc-status", strconv.Itoa(int(status)))
	}
	if len(r.Body) > 0 && !head {
		setInPlace(h, "grpc-message", percentEncode(r.Body))
	}
	h.Remove("content-length")
}

// grpcStatus maps an HTTP status (Grpc::Utility::httpToGrpcStatus).
func grpcStatus(http uint32) int32 {
	switch http {
	case 400:
		return 13
	case 401:
		return 16
	case 403:
		return 7
	case 404:
		return 12
	case 429, 502, 503, 504:
		return 14
	}
	return 2
}

// percentEncode encodes a gRPC message (gRPC over HTTP/2, Status-Message).
func percentEncode(b []byte) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for _, c := range b {
		if c < ' ' || c > '~' || c == '%' {
			out.WriteByte('%')
			out.WriteByte(hex[c>>4])
			out.WriteByte(hex[c&15])
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}
