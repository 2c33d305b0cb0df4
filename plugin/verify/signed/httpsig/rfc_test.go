package httpsig_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// The certificate, the keys and the signatures of RFC 9421 appendix B.
const (
	rfcTime       = 1618884473
	rfcClientCert = ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:"
)

// rfcKeys are those of appendix B.1, of which the vectors bring three.
func rfcKeys(t *testing.T) []*signed.Key {
	t.Helper()
	var keys []*signed.Key
	for _, v := range vectors(t, "rfc9421.json") {
		if v.Name == "rfc-sig-b25" {
			keys = v.provider(t).Keys
		}
	}
	point := []byte{4} // uncompressed
	for _, coordinate := range []string{"qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA", "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"} {
		b, err := base64.RawURLEncoding.DecodeString(coordinate)
		must(t, err)
		point = append(point, b...)
	}
	p256, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	must(t, err)
	return append(keys, public(t, "test-key-ecc-p256", p256, signed.ECDSAP256))
}

// TestAppendixB: RFC 9421 B.2.3 and B.2.6 whole, B.3's request behind the proxy, and B.4's
// transformations: those that keep the signature and those that break it.
func TestAppendixB(t *testing.T) {
	p := provider(t, lenient(), rfcKeys(t)...)
	m := post().without("content-digest").with("content-digest", sha512Digest(post().body)).without("content-length").with("content-length", "18")
	b23 := m.with("signature-input", `sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`).
		with("signature", "sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:")
	expect(t, "B.2.3", judge(t, p, b23, rfcTime), reason.OK)
	b26 := m.with("signature-input", `sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`).
		with("signature", "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:")
	expect(t, "B.2.6", judge(t, p, b26, rfcTime), reason.OK)

	b3 := m.with("client-cert", rfcClientCert).
		with("signature-input", `ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"`).
		with("signature", "ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==:")
	b3.authority = "service.internal.example"
	expect(t, "B.3", judge(t, p, b3, rfcTime), reason.OK)
	b3.authority = "example.com"
	expect(t, "B.3 as the client sent it", judge(t, p, b3, rfcTime), reason.SignatureInvalid)

	for _, c := range []struct {
		law, method, authority, target string
		lines                          [][2]string
		want                           reason.Code
	}{
		{"as signed", "GET", "example.org", "/demo?name1=Value1&Name2=value2", [][2]string{{"accept", "application/json"}, {"accept", "*/*"}}, reason.OK},
		{"the query and a field that are not covered", "GET", "example.org", "/demo?name1=Value1&Name2=value2&param=added", [][2]string{{"accept", "application/json"}, {"accept", "*/*"}, {"accept-language", "en-US,en;q=0.5"}}, reason.OK},
		{"lines joined, fields in another order", "GET", "example.org", "/demo?name1=Value1&Name2=value2", [][2]string{{"referer", "https://developer.example.org/demo"}, {"accept", "application/json, */*"}}, reason.OK},
		{"another method and host", "POST", "example.com", "/demo?name1=Value1&Name2=value2", [][2]string{{"accept", "application/json"}, {"accept", "*/*"}}, reason.SignatureInvalid},
		{"lines in another order", "GET", "example.org", "/demo?name1=Value1&Name2=value2", [][2]string{{"accept", "*/*"}, {"accept", "application/json"}}, reason.SignatureInvalid},
	} {
		m := message{method: c.method, scheme: "https", authority: c.authority, target: c.target, headers: c.lines}
		m = m.with("signature-input", `transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"`).
			with("signature", "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:")
		expect(t, "B.4: "+c.law, judge(t, p, m, rfcTime), c.want)
	}
}
