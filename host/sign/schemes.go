package sign

// Schemes returns every scheme, presets first.
func Schemes() []Scheme { //nolint:funlen // a table
	return []Scheme{
		{
			Name: "github", About: "GitHub webhooks: the body",
			Source: "GitHub Docs, Validating webhook deliveries",
			draft:  webhook(body, hexOf, header("x-hub-signature-256", "sha256=")),
		}, {
			Name: "slack", About: "Slack: time and body",
			Source: "Slack API, Verifying requests from Slack",
			draft:  versionZero("x-slack-request-timestamp", "x-slack-signature"),
		}, {
			Name: "stripe", About: "Stripe webhooks: time and body", Many: true,
			Source: "Stripe Docs, Verify webhook signatures manually", draft: stripe,
		}, {
			Name: "shopify", About: "Shopify webhooks: the body",
			Source: "Shopify developer documentation, Verify webhook deliveries",
			draft:  webhook(body, base64Of, header("x-shopify-hmac-sha256", "")),
		}, {
			Name: "standard-webhooks", About: "Standard Webhooks: id, time and body (v1 shared secret, v1a Ed25519)", Many: true,
			Source: "The Standard Webhooks specification 1.0.0", Reads: []string{"id"}, draft: standardWebhooks("webhook"),
		}, {
			Name: "svix", About: "Svix: as Standard Webhooks, with names of its own", Many: true,
			Source: "Svix documentation, Verifying webhooks manually", Reads: []string{"id"}, draft: standardWebhooks("svix"),
		}, {
			Name: "zoom", About: "Zoom webhooks: time and body",
			Source: "Zoom developer documentation, Verify webhook events",
			draft:  versionZero("x-zm-request-timestamp", "x-zm-signature"),
		}, {
			Name: "pagerduty", About: "PagerDuty v3 webhooks: the body", Many: true,
			Source: "PagerDuty developer documentation, Verifying signatures", draft: pagerduty,
		}, {
			Name: "linear", About: "Linear webhooks: the body, whose webhookTimestamp is its time",
			Source: "Linear developers, Webhooks", draft: linear,
		}, {
			Name: "zendesk", About: "Zendesk webhooks: time and body",
			Source: "Zendesk developer documentation, Verifying webhook authenticity", draft: zendesk,
		}, {
			Name: "paddle", About: "Paddle Billing webhooks: time and body", Many: true,
			Source: "Paddle developer documentation, Verify webhook signatures", draft: paddle,
		}, {
			Name: "hubspot-v3", About: "HubSpot v3: method, URL, body and time",
			Source: "HubSpot developer documentation, Validating requests", Reads: []string{"public-url"}, draft: hubspot,
		}, {
			Name: "square", About: "Square webhooks: the notification URL and the body",
			Source: "Square developer documentation, Verify and validate an event notification", Reads: []string{"public-url"}, draft: square,
		}, {
			Name: "twilio", About: "Twilio: the URL, with the form's parameters or the body's hash",
			Source: "Twilio Docs, Security: validating requests", Reads: []string{"public-url"}, draft: twilio,
		}, {
			Name: "discord", About: "Discord interactions: time and body, with an Ed25519 key",
			Source: "Discord developer documentation, Setting up an endpoint", draft: discord,
		}, {
			Name: "sendgrid", About: "SendGrid's event webhook: time and body, with an ECDSA P-256 key",
			Source: "Twilio SendGrid documentation, Event Webhook security features", draft: sendgrid,
		}, {
			Name: "azure-appconfig", About: "Azure App Configuration: method, target, time, host and the body's hash",
			Source: "Azure App Configuration REST API, HMAC authentication", draft: azureAppConfig,
		}, {
			Name: "query-hmac", About: "Binance and its like: query and body as they are sent",
			Source: "Binance spot API, SIGNED endpoint security", Reads: []string{"carrier"}, draft: queryHMAC,
		}, {
			Name: "rfc9421", About: "HTTP Message Signatures: chosen components and the body's digest",
			Source: "RFC 9421, RFC 9530", Reads: []string{"component", "digest", "algorithm", "label", "tag", "nonce", "expires", "with-algorithm", "public-url"}, draft: httpSignature,
		}, {
			Name: "web-bot-auth", About: "Web Bot Auth: the host and the agent's directory of keys",
			Source: "draft-meunier-web-bot-auth-architecture", Reads: []string{"component", "digest", "algorithm", "label", "tag", "nonce", "expires", "agent", "public-url"}, draft: webBotAuth,
		}, {
			Name: "sigv4", About: "AWS Signature Version 4, as header or presigned URL",
			Source: "AWS IAM User Guide, Create a signed AWS API request", Reads: []string{"region", "service", "component", "carrier", "expires", "s3", "payload-hash", "unsigned-payload", "raw-path", "session-token"}, draft: sigv4,
		}, {
			Name: "cavage", About: "HTTP Signatures of draft-cavage 12",
			Source: "draft-cavage-http-signatures-12", Reads: []string{"component", "digest", "algorithm", "carrier", "expires"}, draft: cavage(draft12),
		}, {
			Name: "kong", About: "Kong's hmac-auth", Source: "Kong plugin hub, HMAC Auth", Reads: []string{"component", "digest", "algorithm", "carrier"}, draft: cavage(kong),
		}, {
			Name: "apisix", About: "Apache APISIX's hmac-auth, since 3.12",
			Source: "Apache APISIX documentation, hmac-auth", Reads: []string{"component", "digest", "algorithm", "carrier"}, draft: cavage(apisix),
		}, {
			Name: "google", About: "Google Cloud CDN's signed URLs and prefixes",
			Source: "Cloud CDN documentation, Use signed URLs", Reads: []string{"expires", "resource", "public-url"}, draft: googleCDN,
		}, {
			Name: "akamai", About: "Akamai's EdgeAuth 2 tokens",
			Source: "Akamai TechDocs, Token authentication; AkamaiEdgeAuth libraries", Reads: []string{"expires", "start", "resource", "source-ip", "carrier", "token-name", "salt", "session", "payload", "escape-early"}, draft: akamai,
		}, {
			Name: "cloudfront", About: "CloudFront's signed URLs and cookies, with an RSA key",
			Source: "Amazon CloudFront Developer Guide, Use signed URLs", Reads: []string{"expires", "start", "resource", "source-ip", "carrier", "public-url"}, draft: cloudFront,
		}, {
			Name: "nginx", About: "nginx's secure_link, an MD5 over an expression",
			Source: "nginx documentation, ngx_http_secure_link_module", Reads: []string{"expires", "expression", "source-ip"}, draft: nginxSecureLink,
		}, {
			Name: "aliyun", About: "Alibaba Cloud API Gateway and Higress: headers, target, form or MD5 of the body",
			Source: "Alibaba Cloud API Gateway documentation, Request signatures", Reads: []string{"component", "algorithm", "nonce"}, draft: aliyun,
		},
	}
}
