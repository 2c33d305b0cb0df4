package host

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"net/http"
	"strconv"

	"github.com/postern-wasm/postern/host/abi"
)

// connectionProperties answers source.*, destination.* and connection.* for a
// request of net/http's. The certificate's are there only if the server has
// verified it.
func connectionProperties(r *http.Request) map[string][]byte {
	p := map[string][]byte{"connection\x00mtls": abi.BoolProperty(false)}
	address(p, "source", r.RemoteAddr)
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		address(p, "destination", local.String())
	}
	if r.TLS != nil {
		tlsProperties(p, r.TLS)
	}
	return p
}

func address(p map[string][]byte, name, hostport string) {
	_, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return
	}
	p[name+"\x00address"] = []byte(hostport)
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		p[name+"\x00port"] = abi.Int64Property(int64(n))
	}
}

// tlsVersions are the names that Envoy gives to versions.
var tlsVersions = map[uint16]string{
	tls.VersionTLS10: "TLSv1", tls.VersionTLS11: "TLSv1.1",
	tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3",
}

func tlsProperties(p map[string][]byte, c *tls.ConnectionState) {
	set := func(name, value string) {
		if value != "" {
			p["connection\x00"+name] = []byte(value)
		}
	}
	set("tls_version", tlsVersions[c.Version])
	set("requested_server_name", c.ServerName)
	if len(c.VerifiedChains) == 0 || len(c.PeerCertificates) == 0 {
		return
	}
	cert := c.PeerCertificates[0]
	p["connection\x00mtls"] = abi.BoolProperty(true)
	set("subject_peer_certificate", cert.Subject.String())
	if len(cert.URIs) > 0 {
		set("uri_san_peer_certificate", cert.URIs[0].String())
	}
	if len(cert.DNSNames) > 0 {
		set("dns_san_peer_certificate", cert.DNSNames[0])
	}
	digest := sha256.Sum256(cert.Raw)
	set("sha256_peer_certificate_digest", hex.EncodeToString(digest[:]))
}
