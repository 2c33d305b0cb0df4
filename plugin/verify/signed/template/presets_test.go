package template_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/template"
)

// example is a signed request that a vendor has published, in its documents or as a test
// of its own library.
type example struct {
	source, preset string
	more           object // members of signed_request
	key            object
	now            int64
	call           call
}

func inline(text string) object { return object{"secret": object{"inline": text}} }

// published are examples that were not computed here. Those of GitHub, Slack, Twilio,
// Binance and Standard Webhooks stand among the vectors; those of Stripe, Discord and Azure
// were checked by their clients. Shopify, Zoom, PagerDuty, Linear and Zendesk publish the
// rule and no example of it.
var published = []example{
	{
		"PaddleHQ/paddle-python-sdk, tests/Unit/Notification/test_Verifier.py", "paddle", nil,
		inline("pdl_ntf_01hbpjmytsa32fhr36nqgc3kgb_WvRO0eL4Bj9rgYYIBZY6wZhG4EHy9jzh"), 1696195954,
		call{Method: "POST", Path: "/", Headers: [][2]string{
			{"paddle-signature", "ts=1696195954;h1=dummy;h1=d96299976a6eb066f484d7fde011ac56fc32b38fc9940bc419d6e537fdc6ef02"},
		}, Body: []byte("hello-world")},
	},
	{
		"HubSpot/hubspot-api-python, tests/spec/utils/test_signature.py", "hubspot-v3", nil,
		inline("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"), 15000,
		call{Method: "POST", Authority: "www.example.com", Path: "/webhook_uri", Headers: [][2]string{
			{"x-hubspot-signature-v3", "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw="}, {"x-hubspot-request-timestamp", "15000000"},
		}, Body: []byte("{'example_field':'example_value'}")},
	},
	{
		"square/square-python-sdk, tests/integration/test_webhooks_helper.py", "square",
		object{"notification_url": "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9"},
		inline("Ibxx_5AKakO-3qeNVR61Dw"), 1657744259,
		call{Method: "POST", Path: "/square", Headers: [][2]string{
			{"x-square-hmacsha256-signature", "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="},
		}, Body: []byte(`{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z","data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}`)},
	},
	{
		"the same: characters that JSON may escape", "square", nil, inline("signature-key"), 1657744259,
		call{Method: "POST", Authority: "webhook.site", Path: "/webhooks", Headers: [][2]string{
			{"x-square-hmacsha256-signature", "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U="},
		}, Body: []byte(`{"data":{"type":"webhooks","id":">id<"}}`)},
	},
	{
		"sendgrid/sendgrid-ruby, spec/sendgrid/helpers/eventwebhook/eventwebhook_spec.rb", "sendgrid", nil,
		object{"public_key": object{"text": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="}},
		1588788367,
		call{Method: "POST", Path: "/", Headers: [][2]string{
			{"x-twilio-email-event-webhook-signature", "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="},
			{"x-twilio-email-event-webhook-timestamp", "1588788367"},
		}, Body: []byte(`{"category":"example_payload","event":"test_event","message_id":"message_id"}`)},
	},
}

// config makes the provider of an example, with the key as the vendor writes it.
func (e *example) config(t testing.TB) *signed.Config {
	t.Helper()
	m := object{"preset": e.preset, "keys": []object{{"id": "k"}}}
	for name, value := range e.more {
		m[name] = value
	}
	for name, value := range e.key {
		m["keys"].([]object)[0][name] = value
	}
	return provider(t, m)
}

// complete adds what the examples do not say.
func (e *example) complete() *call {
	c := e.call
	if c.Scheme = "https"; c.Authority == "" {
		c.Authority = "edge.example.com"
	}
	return &c
}

func TestPublishedExamples(t *testing.T) {
	for _, e := range published {
		t.Run(e.preset+": "+e.source, func(t *testing.T) {
			cfg := e.config(t)
			if state, code, _ := judge(cfg, e.now, e.complete(), 16); state != signed.Proved {
				t.Fatalf("%v %s", state, code)
			}
			c := e.complete()
			c.Body = append(slices.Clone(c.Body), ' ')
			if state, code, _ := judge(cfg, e.now, c, 16); code != reason.SignatureInvalid {
				t.Errorf("with another body: %v %s", state, code)
			}
		})
	}
}

// TestPresetsAreTheOnesThatAreDocumented, each a template that nothing is said against but
// what the vendor chose, with a page to look it up.
func TestPresetsAreTheOnesThatAreDocumented(t *testing.T) {
	want := []string{
		"github", "slack", "stripe", "shopify", "standard-webhooks", "svix", "zoom", "pagerduty", "linear", "zendesk", "paddle",
		"hubspot-v3", "square", "twilio", "discord", "sendgrid", "azure-appconfig", "query-hmac",
	}
	var got []string
	for _, p := range template.Presets() {
		got = append(got, p.Name)
		if !strings.HasPrefix(p.Source, "https://") {
			t.Errorf("%s: source %q", p.Name, p.Source)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestAPresetIsItsTemplate: put in the preset's place, its text decides every vector alike.
func TestAPresetIsItsTemplate(t *testing.T) {
	for _, file := range files {
		for _, v := range readVectors(t, file) {
			m := v.members(t, file)
			name, is := m["preset"].(string)
			if !is {
				continue
			}
			before := provider(t, m)
			text, _, ok := config.Preset(name)
			if !ok {
				t.Fatalf("no preset %q", name)
			}
			delete(m, "preset")
			m["template"] = json.RawMessage(text)
			after := provider(t, m)
			wantState, wantCode, _ := judge(before, v.Now, &v.Request, 100)
			if state, code, _ := judge(after, v.Now, &v.Request, 100); state != wantState || code != wantCode || before.Tolerance != after.Tolerance {
				t.Errorf("%s/%s: %v %s as a template, %v %s as a preset", file, v.Name, state, code, wantState, wantCode)
			}
		}
	}
}

// TestNoVendorIsNamedOutsideTheTable: a preset is a template and nothing more.
func TestNoVendorIsNamedOutsideTheTable(t *testing.T) {
	sources, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sources {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") || f.Name() == "presets.go" {
			continue
		}
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range template.Presets() {
			if strings.Contains(string(text), `"`+p.Name+`"`) {
				t.Errorf("%s names %q", f.Name(), p.Name)
			}
		}
	}
}
