// Package signedurl reads URLs that are signed for a time, in the forms of four vendors.
//
// In: a request's target, cookies and, if the form asks for it, the client's address. Out:
// one claim for the frame. Spec: Google Cloud CDN's signed URLs, with and without
// URLPrefix; Akamai's token authentication 2 (EdgeAuth); CloudFront's signed URLs and
// cookies, with canned and custom policies; nginx' ngx_http_secure_link_module.
//
// What such a URL opens is what its vendor says, and is less than it may seem:
//   - a Google prefix is one of characters: ".../vid" opens ".../video-private" as well, but
//     never another host. What stands in the query before URLPrefix is not signed;
//   - Akamai and nginx sign no query, CloudFront and Google all of it but their own
//     parameters;
//   - nobody signs the method, so that GET and HEAD alone are taken unless the configuration
//     names others, and nobody signs a body;
//   - nginx' is no MAC but an MD5 over a text that holds the secret.
//
// Stricter than the vendors: each parameter stands once, spelt as documented, and those of
// Google and CloudFront last; a path that wildcards, prefixes or decoding are applied to is
// one that every reader reads alike (no dot segments, no encoded slashes); a wildcard in a
// CloudFront resource's host does not reach beyond the host; a custom policy has an end.
// The signature stays in the URL for the upstream.
package signedurl
