// Command clients signs requests with client libraries of Go, as their users do, and
// prints them, one JSON object a line. It takes the file of keys.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stripe/stripe-go/v82/webhook"
)

// signed is one line.
type signed struct {
	Client   string      `json:"client"`
	Provider string      `json:"provider"`
	Now      int64       `json:"now"`
	Method   string      `json:"method"`
	Target   string      `json:"target"`
	Headers  [][2]string `json:"headers"`
	Body     string      `json:"body"`
	// Covers are the names of the headers that the signature covers or consists of,
	// besides the body and, with "target", the target.
	Covers []string `json:"covers"`
}

const body = `{"id":"evt_1","amount":100}`

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var keys map[string]string
	check(json.Unmarshal(text, &keys))
	now := time.Now()

	s := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: keys["stripe"], Timestamp: now})
	post("stripe-go", "stripe", now, [][2]string{{"stripe-signature", s.Header}})

	w, err := standardwebhooks.NewWebhook(keys["webhooks"])
	check(err)
	signature, err := w.Sign("msg_go", now, []byte(body))
	check(err)
	post("standard-webhooks (Go)", "standard-webhooks", now, [][2]string{
		{"webhook-id", "msg_go"}, {"webhook-timestamp", strconv.FormatInt(now.Unix(), 10)}, {"webhook-signature", signature},
	})
	amazon(keys, now)
}

// amazon signs in the header and in the URL.
func amazon(keys map[string]string, now time.Time) {
	credentials := aws.Credentials{AccessKeyID: keys["aws_id"], SecretAccessKey: keys["aws_secret"]}
	sum := sha256.Sum256([]byte(body))
	r, err := http.NewRequest("POST", "http://edge.test/sigv4?b=2&a=one%20two", bytes.NewReader([]byte(body)))
	check(err)
	r.Header.Set("content-type", "application/json")
	check(v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), "execute-api", "eu-west-1", now))
	var headers [][2]string
	for name, values := range r.Header {
		headers = append(headers, [2]string{strings.ToLower(name), values[0]})
	}
	show(signed{
		Client: "aws-sdk-go-v2", Provider: "sigv4", Now: now.Unix(), Method: "POST", Target: r.URL.RequestURI(),
		Headers: headers, Body: body, Covers: []string{"target", "content-type", "x-amz-date", "authorization"},
	})

	empty := sha256.Sum256(nil)
	r, err = http.NewRequest("GET", "http://edge.test/sigv4?item=7&X-Amz-Expires=300", nil)
	check(err)
	url, _, err := v4.NewSigner().PresignHTTP(context.Background(), credentials, r, hex.EncodeToString(empty[:]), "execute-api", "eu-west-1", now)
	check(err)
	show(signed{
		Client: "aws-sdk-go-v2, presigned", Provider: "sigv4", Now: now.Unix(), Method: "GET",
		Target: strings.TrimPrefix(url, "http://edge.test"), Covers: []string{"target"},
	})
}

func post(client, provider string, now time.Time, headers [][2]string) {
	var covers []string
	for _, h := range headers {
		covers = append(covers, h[0])
	}
	show(signed{
		Client: client, Provider: provider, Now: now.Unix(), Method: "POST", Target: "/" + provider,
		Headers: append(headers, [2]string{"content-type", "application/json"}), Body: body, Covers: covers,
	})
}

func show(s signed) { check(json.NewEncoder(os.Stdout).Encode(s)) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
