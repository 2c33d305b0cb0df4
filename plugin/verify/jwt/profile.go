package jwt

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/word"
)

// Profile is what kind of token is asked for. RFC 8725 §3.11, §3.12: kinds that must not
// stand for each other have rules that exclude each other, of which "typ" is the plainest.
type Profile uint8

// The profiles.
const (
	// ProfileJWT takes any token but those whose typ says that they are for another use.
	ProfileJWT Profile = iota
	// ProfileAccessToken takes OAuth 2.0 access tokens of RFC 9068.
	ProfileAccessToken
	// ProfileIDToken takes ID tokens of OpenID Connect Core, whose audience is a client.
	ProfileIDToken
	// ProfileSVID takes SPIFFE's JWT-SVIDs.
	ProfileSVID
)

// SVIDAlgorithms are the ones that a JWT-SVID may have (JWT-SVID §2.1).
func SVIDAlgorithms() jwa.Set {
	var set jwa.Set
	for _, a := range [...]jwa.Algorithm{jwa.RS256, jwa.RS384, jwa.RS512, jwa.PS256, jwa.PS384, jwa.PS512, jwa.ES256, jwa.ES384, jwa.ES512} {
		set = set.With(a)
	}
	return set
}

// foreignTypes are registered types of JWTs that carry claims and are no one's
// credential: a provider that asks for no type in particular takes none of them.
// RFC 9449 §4.2, OpenID Connect Back-Channel Logout §2.4, RFC 8417 §2.3, RFC 9701 §5,
// RFC 9101 §10.8, RFC 9901 §4.3, OpenID Federation §15, OpenID for VCI §F.1.
var foreignTypes = [...]string{
	"dpop+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "oauth-authz-req+jwt", "kb+jwt",
	"entity-statement+jwt", "trust-mark+jwt", "resolve-response+jwt", "openid4vci-proof+jwt",
}

// typed judges the header's typ. Media types are compared without case, and "application/"
// may be left out (RFC 7515 §4.1.9); nothing else may be: no parameters, no spaces.
func (a *Attempt) typed(cfg *Config) reason.Code {
	fits := true
	switch cfg.Profile {
	case ProfileJWT:
		fits = cfg.AnyType || !a.hasTyp || !foreign(a.typ)
	case ProfileAccessToken: // RFC 9068 §4
		fits = a.hasTyp && isMedia(a.typ, "at+jwt")
	case ProfileIDToken:
		fits = !a.hasTyp || isMedia(a.typ, "jwt")
	case ProfileSVID: // JWT-SVID §2.3: these two, as they stand
		fits = !a.hasTyp || a.typ == "JWT" || a.typ == "JOSE"
	}
	if !fits {
		return reason.TypeMismatch
	}
	return reason.OK
}

func foreign(typ string) bool {
	if len(typ) < len("kb+jwt") {
		return false
	}
	for _, name := range foreignTypes {
		if isMedia(typ, name) {
			return true
		}
	}
	return false
}

// isMedia says that typ is the media type application/name; name is in lower case.
func isMedia(typ, name string) bool {
	const application = "application/"
	if len(typ) == len(application)+len(name) && isFolded(typ[:len(application)], application) {
		typ = typ[len(application):]
	}
	return isFolded(typ, name)
}

// isFolded compares ASCII letters without case; lower is in lower case.
func isFolded(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// profiled judges what the profile asks of the claims beyond what judge has: that they
// are there, and what they say of each other. audiences are the ones asked for.
func (a *Attempt) profiled(cfg *Config, audiences []string) reason.Code {
	f := &a.facts
	switch cfg.Profile {
	case ProfileJWT:
		return reason.OK
	case ProfileAccessToken: // RFC 9068 §2.2: REQUIRED
		if code := a.present(true, f.iss, f.sub, f.jti, a.member("client_id")); code != reason.OK {
			return code
		}
		return a.meant()
	case ProfileIDToken: // OpenID Connect Core §2: REQUIRED
		if code := a.present(true, f.iss, f.sub); code != reason.OK {
			return code
		}
		if code := a.meant(); code != reason.OK {
			return code
		}
		return a.authorizedParty(audiences)
	case ProfileSVID: // JWT-SVID §3
		if code := a.present(false, f.sub); code != reason.OK {
			return code
		}
		if code := a.meant(); code != reason.OK {
			return code
		}
		if !isWorkload(a.claims.At(f.sub).Text(), cfg.TrustDomain) {
			return reason.SubjectMismatch
		}
		return reason.OK
	}
	return reason.Internal
}

// member is the place of the claim of that name, 0 if there is none.
func (a *Attempt) member(name string) uint32 {
	if v, ok := a.claims.Root().Member(name); ok {
		return v.Index()
	}
	return 0
}

// present says that there is exp, and iat if asked for, and that each claim at these
// places is a string that says something.
func (a *Attempt) present(issuedAt bool, places ...uint32) reason.Code {
	if a.facts.state[exp] != read {
		return reason.ExpirationMissing
	}
	if issuedAt && a.facts.state[iat] != read {
		return reason.ClaimMissing
	}
	for _, at := range places {
		switch {
		case at == 0:
			return reason.ClaimMissing
		case a.claims.At(at).Kind() != jsonx.String:
			return reason.ClaimMalformed
		case a.claims.At(at).Text() == "":
			return reason.ClaimMissing
		}
	}
	return reason.OK
}

// meant says that the token is meant for somebody: that it is for us has been judged.
func (a *Attempt) meant() reason.Code {
	if a.facts.aud == 0 {
		return reason.ClaimMissing
	}
	if aud := a.claims.At(a.facts.aud); aud.Kind() == jsonx.Array && aud.Len() == 0 || aud.Kind() == jsonx.String && aud.Text() == "" {
		return reason.ClaimMissing
	}
	return reason.OK
}

// authorizedParty is OpenID Connect Core §3.1.3.7, 3 to 5: a token for several audiences
// says to whom it was issued, and whom it names must be one of us. Without audiences to
// compare with it must be one of the token's own.
func (a *Attempt) authorizedParty(audiences []string) reason.Code {
	aud := a.claims.At(a.facts.aud)
	azp, has := a.claims.Root().Member("azp")
	if !has {
		if aud.Kind() == jsonx.Array && aud.Len() > 1 {
			return reason.PartyMismatch
		}
		return reason.OK
	}
	if azp.Kind() != jsonx.String {
		return reason.ClaimMalformed
	}
	party := azp.Text()
	for _, name := range audiences {
		if word.Equal(name, party) {
			return reason.OK
		}
	}
	if len(audiences) > 0 {
		return reason.PartyMismatch
	}
	if aud.Kind() == jsonx.String && word.Equal(aud.Text(), party) {
		return reason.OK
	}
	for v, ok := aud.First(); ok; v, ok = v.Next() {
		if word.Equal(v.Text(), party) {
			return reason.OK
		}
	}
	return reason.PartyMismatch
}
