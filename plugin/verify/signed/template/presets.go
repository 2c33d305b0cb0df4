package template

// Preset is a template that has a name.
type Preset struct {
	// Name in the configuration.
	Name string
	// Source is the page that says how the requests are signed.
	Source string
	// Template is the value of "template" that it stands for.
	Template string
}

// Presets returns the presets, in the order of the documentation.
func Presets() []Preset { return presets[:] }

// Find returns the preset of a name.
func Find(name string) (Preset, bool) {
	for _, p := range presets {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// presets are described with what a template can say and nothing else. A vendor whose form
// needs more gets a new word in the language, not a line in the code.
var presets = [...]Preset{
	{"github", "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-hub-signature-256", "prefix": "sha256=", "encoding": "hex"},
		"id": {"header": "x-github-delivery", "optional": true},
		"base": "{body}"}`},
	{"slack", "https://docs.slack.dev/authentication/verifying-requests-from-slack", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-slack-signature", "prefix": "v0=", "encoding": "hex"},
		"timestamp": {"header": "x-slack-request-timestamp"},
		"base": "v0:{timestamp}:{body}"}`},
	{"stripe", "https://docs.stripe.com/webhooks#verify-manually", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "stripe-signature", "list": {"separator": ",", "key_value": "=", "field": "v1"}, "encoding": "hex"},
		"timestamp": {"header": "stripe-signature", "list": {"separator": ",", "key_value": "=", "field": "t"}},
		"base": "{timestamp}.{body}"}`},
	{"shopify", "https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-5-verify-the-webhook", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-shopify-hmac-sha256", "encoding": "base64"},
		"id": {"header": "x-shopify-webhook-id", "optional": true},
		"base": "{body}"}`},
	{"standard-webhooks", "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md", `{
		"signature": [
			{"header": "webhook-signature", "list": {"separator": " ", "key_value": ",", "field": "v1"}, "encoding": "base64", "algorithm": "hmac-sha256"},
			{"header": "webhook-signature", "list": {"separator": " ", "key_value": ",", "field": "v1a"}, "encoding": "base64", "algorithm": "ed25519"}],
		"timestamp": {"header": "webhook-timestamp"},
		"id": {"header": "webhook-id"},
		"base": "{id}.{timestamp}.{body}",
		"secret_form": "whsec", "public_key_form": "ed25519_whpk"}`},
	{"svix", "https://docs.svix.com/receiving/verifying-payloads/how-manual", `{
		"signature": [
			{"header": ["svix-signature", "webhook-signature"], "list": {"separator": " ", "key_value": ",", "field": "v1"}, "encoding": "base64", "algorithm": "hmac-sha256"},
			{"header": ["svix-signature", "webhook-signature"], "list": {"separator": " ", "key_value": ",", "field": "v1a"}, "encoding": "base64", "algorithm": "ed25519"}],
		"timestamp": {"header": ["svix-timestamp", "webhook-timestamp"]},
		"id": {"header": ["svix-id", "webhook-id"]},
		"base": "{id}.{timestamp}.{body}",
		"secret_form": "whsec", "public_key_form": "ed25519_whpk"}`},
	{"zoom", "https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-zm-signature", "prefix": "v0=", "encoding": "hex"},
		"timestamp": {"header": "x-zm-request-timestamp"},
		"base": "v0:{timestamp}:{body}"}`},
	{"pagerduty", "https://developer.pagerduty.com/docs/verifying-webhook-signatures", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-pagerduty-signature", "list": {"separator": ",", "key_value": "=", "field": "v1"}, "encoding": "hex"},
		"base": "{body}"}`},
	{"linear", "https://linear.app/developers/webhooks#securing-webhooks", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "linear-signature", "encoding": "hex"},
		"timestamp": {"body_member": "webhookTimestamp", "format": "unix_ms", "tolerance": "60s"},
		"id": {"header": "linear-delivery", "optional": true},
		"base": "{body}"}`},
	{"zendesk", "https://developer.zendesk.com/documentation/webhooks/verifying/", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-zendesk-webhook-signature", "encoding": "base64"},
		"timestamp": {"header": "x-zendesk-webhook-signature-timestamp", "format": "rfc3339"},
		"id": {"header": "x-zendesk-webhook-invocation-id", "optional": true},
		"base": "{timestamp}{body}"}`},
	{"paddle", "https://developer.paddle.com/webhooks/signature-verification", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "paddle-signature", "list": {"separator": ";", "key_value": "=", "field": "h1"}, "encoding": "hex"},
		"timestamp": {"header": "paddle-signature", "list": {"separator": ";", "key_value": "=", "field": "ts"}, "tolerance": "5s"},
		"base": "{timestamp}:{body}"}`},
	{"hubspot-v3", "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-hubspot-signature-v3", "encoding": "base64"},
		"timestamp": {"header": "x-hubspot-request-timestamp", "format": "unix_ms"},
		"base": "{method}{url:decoded}{body}{timestamp}"}`},
	{"square", "https://developer.squareup.com/docs/webhooks/step3validate", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "x-square-hmacsha256-signature", "encoding": "base64"},
		"base": "{url}{body}"}`},
	{"twilio", "https://www.twilio.com/docs/usage/webhooks/webhooks-security", `{
		"algorithm": "hmac-sha1",
		"signature": {"header": "x-twilio-signature", "encoding": "base64"},
		"id": {"header": "i-twilio-idempotency-token", "optional": true},
		"digest": {"query": "bodySHA256", "hash": "sha256", "encoding": "hex", "optional": true},
		"base": ["{url:noport}{form:sorted}", "{url:port}{form:sorted}"]}`},
	{"discord", "https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers", `{
		"algorithm": "ed25519",
		"signature": {"header": "x-signature-ed25519", "encoding": "hex"},
		"timestamp": {"header": "x-signature-timestamp"},
		"base": "{timestamp}{body}",
		"public_key_form": "ed25519_hex"}`},
	{"sendgrid", "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features", `{
		"algorithm": "ecdsa-p256-sha256-der",
		"signature": {"header": "x-twilio-email-event-webhook-signature", "encoding": "base64"},
		"timestamp": {"header": "x-twilio-email-event-webhook-timestamp"},
		"base": "{timestamp}{body}",
		"public_key_form": "spki_base64"}`},
	{"azure-appconfig", "https://learn.microsoft.com/azure/azure-app-configuration/rest-api-authentication-hmac", `{
		"algorithm": "hmac-sha256",
		"signature": {"header": "authorization", "prefix": "HMAC-SHA256 ", "list": {"separator": "&", "key_value": "=", "field": "Signature"}, "encoding": "base64"},
		"key_id": {"header": "authorization", "prefix": "HMAC-SHA256 ", "list": {"separator": "&", "key_value": "=", "field": "Credential"}},
		"signed_headers": {"header": "authorization", "prefix": "HMAC-SHA256 ", "list": {"separator": "&", "key_value": "=", "field": "SignedHeaders"}, "separator": ";", "required": ["host", "x-ms-content-sha256"]},
		"timestamp": {"header": ["x-ms-date", "date"], "format": "http_date", "tolerance": "900s"},
		"digest": {"header": "x-ms-content-sha256", "hash": "sha256", "encoding": "base64"},
		"base": "{method}\n{target}\n{signed_headers:values}",
		"secret_form": "base64", "challenge": "HMAC-SHA256"}`},
	{"query-hmac", "https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security", `{
		"algorithm": "hmac-sha256",
		"signature": {"parameter": "signature", "encoding": "hex", "last": true},
		"key_id": {"header": "x-mbx-apikey"},
		"timestamp": {"parameter": "timestamp", "format": "unix_ms", "tolerance": "5s"},
		"base": "{parameters:minus:signature}"}`},
}
