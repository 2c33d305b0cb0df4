package jwt

// Bounds of the SPIFFE ID standard, bytes.
const (
	maxTrustDomain = 255  // SPIFFE-ID §2.3
	maxSPIFFEID    = 2048 // §2.3
)

// IsTrustDomain says that s is a trust domain's name: lower case letters, digits, '.',
// '-' and '_' (SPIFFE-ID §2.1), without scheme, port or user information.
func IsTrustDomain(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_':
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxTrustDomain
}

// isWorkload says that id is the SPIFFE ID of a workload of that trust domain, in the one
// spelling there is: "spiffe://", the domain, and a path of segments that are neither
// empty nor dot segments, of letters, digits, '.', '-' and '_' (SPIFFE-ID §2.2). A trust
// domain's own ID, without a path, names no workload.
func isWorkload(id, domain string) bool {
	const scheme = "spiffe://"
	n := len(scheme) + len(domain)
	if domain == "" || len(id) > maxSPIFFEID || len(id) <= n || id[:len(scheme)] != scheme || id[len(scheme):n] != domain || id[n] != '/' {
		return false
	}
	start := n + 1 // of the segment
	for i := start; i <= len(id); i++ {
		if i == len(id) || id[i] == '/' {
			if segment := id[start:i]; segment == "" || segment == "." || segment == ".." {
				return false
			}
			start = i + 1
			continue
		}
		switch c := id[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_':
		default:
			return false
		}
	}
	return true
}
