package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// canonical is the form of a module of another project, as a template: version, method,
// target, time, the body's hash and chosen headers, each in a line of its own.
func (a *adapter) canonical() {
	var headers []string
	if raw, ok := a.take("signed_headers"); ok {
		if err := json.Unmarshal(raw, &headers); err != nil {
			a.fail("signed_headers", err)
		}
	}
	base := "v1\n{method}\n{target}\n{timestamp}\n{body:sha256:hex}"
	if len(headers) > 0 {
		base += "\n{headers:" + strings.Join(headers, ";") + "}"
	}
	a.common["template"] = object{
		"algorithm": "hmac-sha256",
		"signature": object{"header": "x-signature", "prefix": "v1=", "prefix_optional": true, "encoding": "hex"},
		"timestamp": object{"header": "x-signature-timestamp", "format": "unix"},
		"key_id":    object{"header": "x-signature-key-id", "optional": true},
		"base":      base,
	}
}

func (a *adapter) httpMessageSignatures() {
	o := object{}
	for _, word := range []string{"tag", "label", "profile"} {
		if s := a.text(word); s != "" {
			o[word] = s
		}
	}
	if allow, ok := a.truth("allow_empty_components"); ok {
		o["allow_empty_components"] = allow
	}
	a.common["http_message_signatures"] = o
}

func (a *adapter) sigv4() error {
	o := object{}
	for _, word := range []string{"region", "service"} {
		if s := a.text(word); s != "" {
			o[word] = s
		}
	}
	for _, word := range []string{"s3", "allow_unsigned_payload", "normalize_path", "require_signed_amz_headers"} {
		if b, ok := a.truth(word); ok {
			o[word] = b
		}
	}
	if lenient, ok := a.truth("lenient_signed_headers"); ok && lenient {
		o["require_signed_amz_headers"] = false
	}
	a.common["sigv4"] = o
	if chunked, ok := a.truth("chunked"); ok && chunked {
		return fmt.Errorf("the chunks of S3: %w", errUnsupported)
	}
	return nil
}

func (a *adapter) cavage() {
	o := object{"dialect": a.format}
	switch a.format {
	case "cavage-12":
		o["dialect"] = "draft12"
	case "kong", "apisix":
		// Without the word a dialect does with an absent header what its makers do.
		reject, _ := a.truth("reject_absent_headers")
		o["reject_absent_headers"] = reject
	}
	a.common["cavage"] = o
}

func (a *adapter) signedURL() {
	o := object{}
	switch a.format {
	case "google-cdn":
		o["dialect"] = "google"
		if ttl, ok := a.number("max_ttl_s"); ok {
			o["max_ttl"] = strconv.FormatInt(ttl, 10) + "s"
		}
	case "nginx-secure-link":
		o["dialect"] = "nginx"
		if s := a.text("expression"); s != "" {
			o["expression"] = s
		}
	case "akamai":
		o["dialect"] = "akamai"
		if s := a.text("token_name"); s != "" {
			o["token_name"] = s
		}
		if s := a.text("salt"); s != "" {
			o["salt"] = object{"inline": s}
		}
		if early, ok := a.truth("escape_early"); ok {
			o["escape_early"] = early
		}
	default:
		o["dialect"] = a.format
	}
	a.common["signed_url"] = o
}

// queryHMAC is the preset, whose places are Binance's. A vector that names others
// asks for something else.
func (a *adapter) queryHMAC() error {
	a.common["preset"] = "query-hmac"
	for word, ours := range map[string]string{
		"key_id_header": "x-mbx-apikey", "signature_param": "signature", "timestamp_param": "timestamp_ms",
	} {
		if s := a.text(word); s != "" && s != ours {
			return fmt.Errorf("%s: the preset query-hmac has %q, not %q", word, ours, s)
		}
	}
	return a.err
}
