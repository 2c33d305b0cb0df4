package template

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Problem is something wrong, or odd, about a template.
type Problem struct {
	// Member is the template's member that it is about.
	Member, Text string
	// Word is a piece of a base that is not known, to suggest one of [Pieces].
	Word string
	// Warning says that the template works all the same.
	Warning bool
}

// checker gathers the problems of a template.
type checker struct {
	s        *Scheme
	problems []Problem
	failed   bool
}

func (c *checker) fail(member string, text ...string) { c.add(member, "", false, text) }
func (c *checker) warn(member string, text ...string) { c.add(member, "", true, text) }

func (c *checker) add(member, word string, warning bool, text []string) {
	p := Problem{Member: member, Word: word, Warning: warning}
	for _, t := range text {
		p.Text += t
	}
	c.problems = append(c.problems, p)
	c.failed = c.failed || !warning
}

func (c *checker) check() {
	cfg := &c.s.cfg
	if len(cfg.Signatures) == 0 {
		c.fail("signature", "is required")
	}
	if len(cfg.Bases) == 0 {
		c.fail("base", "is required")
	}
	if len(cfg.Signatures)*len(cfg.Bases) > signed.MaxClaims {
		c.fail("base", "with ", strconv.Itoa(len(cfg.Signatures)), " places of signatures makes more than ", strconv.Itoa(signed.MaxClaims), " texts to verify")
	}
	for i := range cfg.Signatures {
		c.location("signature", &cfg.Signatures[i].Location)
		if cfg.Signatures[i].Place == Nowhere {
			c.fail("signature", "stands nowhere")
		}
	}
	for _, l := range c.others() {
		c.location(l.member, l.location)
	}
	if cfg.Challenge != "" && !isToken(cfg.Challenge) {
		c.fail("challenge", "is no name that a scheme can have (RFC 9110 §11.1)")
	}
	if strings.IndexByte(cfg.PublicBase, '?') >= 0 {
		c.fail("public_base_url", "has a query")
	}
	if cfg.Signed.Place != Nowhere && len(cfg.SignedSeparator) != 1 {
		c.fail("signed_headers", "has a separator of one byte")
	}
	for _, text := range cfg.Bases {
		b, problem, word := parseBase(text)
		if problem != "" {
			c.add("base", word, false, []string{problem})
			continue
		}
		b.parts = c.parts(&b)
		c.s.bases = append(c.s.bases, b)
		c.base(&b)
	}
	if cfg.BodyFree {
		c.warn("base", "lets any body pass that it does not cover (require.body)")
	}
}

// placed is a location and the member that it is.
type placed struct {
	member   string
	location *Location
	piece    piece
}

// others are the locations but for the signatures'.
func (c *checker) others() []placed {
	cfg := &c.s.cfg
	return []placed{
		{"key_id", &cfg.KeyID, pieceKeyID},
		{"timestamp", &cfg.Timestamp, pieceTimestamp},
		{"nonce", &cfg.Nonce, pieceNonce},
		{"id", &cfg.ID, pieceID},
		{"digest", &cfg.Digest, pieceLiteral},
		{"signed_headers", &cfg.Signed, pieceSignedValues},
	}
}

// location checks one place.
func (c *checker) location(member string, l *Location) {
	if l.Place == Nowhere {
		return
	}
	if len(l.Names) == 0 || len(l.Names) > MaxNames || len(l.Names) > 1 && l.Place != InHeader {
		c.fail(member, "has one name, or up to ", strconv.Itoa(MaxNames), " of a header field")
	}
	for _, name := range l.Names {
		if name == "" || l.Place == InHeader && !isName(name) {
			c.fail(member, "has a name that no header field has")
		}
	}
	if (l.Separator == "") != (l.KeyValue == "") || (l.Separator == "") != (l.Field == "") {
		c.fail(member, "has a list, which needs separator, key_value and field")
	}
	if l.Place == InMember && member != "timestamp" {
		c.fail(member, "cannot stand in the body")
	}
	if l.Last && l.Place != InQuery && l.Place != InParameters {
		c.fail(member, "can be the last of a query only")
	}
}

// parts are those of the request that a base covers.
func (c *checker) parts(b *base) (parts part) {
	for i := range b.list {
		p := b.list[i].piece
		if p >= pieceURL && p <= pieceURLDecoded && c.s.cfg.WholeURL != "" {
			continue // it says nothing of this request
		}
		for j := range pieces {
			if pieces[j].piece == p {
				parts |= pieces[j].parts
			}
		}
		if contains(b.list[i].names, "host") {
			parts |= partHost
		}
	}
	if contains(c.s.cfg.Required, "host") {
		parts |= partHost
	}
	return parts
}

// base checks one signed text against the rest.
func (c *checker) base(b *base) {
	cfg := &c.s.cfg
	for _, l := range c.others() {
		has := l.piece != pieceLiteral && b.has(l.piece) || l.piece == pieceSignedValues && b.has(pieceSignedLines)
		switch there := l.location.Place != Nowhere; {
		case has && !there:
			c.fail("base", "has {", l.member, "}, and the template no ", l.member)
		case !there || has:
		case l.piece == pieceSignedValues:
			c.fail("base", "has neither {signed_headers:values} nor {signed_headers:lines}")
		case l.piece == pieceTimestamp && !c.covers(b, l.location):
			c.fail("timestamp", "is not in the base: whoever sends a request again could change it")
		case l.piece == pieceNonce && !c.covers(b, l.location):
			c.fail("nonce", "is not in the base: whoever sends a request again could change it")
		case l.member == "digest" && !c.covers(b, l.location):
			c.fail("digest", "is not in the base: whoever changes the body could change it")
		case l.location.Place == InParameters && !b.has(pieceParameters):
			c.fail(l.member, "stands in a form that the base has nothing of ({parameters:minus:NAME})")
		}
	}
	for i := range cfg.Signatures {
		if cfg.Signatures[i].Place == InParameters && !b.has(pieceParameters) {
			c.fail("signature", "stands in a form that the base has nothing of ({parameters:minus:NAME})")
		}
	}
	if len(b.list) == 0 {
		c.fail("base", "is empty")
	}
	if lacks := c.lacks(b); lacks != "" {
		c.warn("base", "does not cover ", lacks, ": a request that is signed for one is good for every other that this provider guards")
	}
	if b.parts&partBody == 0 && cfg.Digest.Place == Nowhere && !cfg.BodyFree {
		c.warn("base", "covers no body: requests with one are refused")
	}
	c.neighbours(b)
}

// lacks lists what a base says nothing of, "" if nothing.
func (c *checker) lacks(b *base) (list string) {
	for _, l := range []struct {
		part part
		name string
	}{{partMethod, "method"}, {partPath, "path"}, {partHost, "host"}} {
		if b.parts&l.part != 0 || l.part == partHost && c.s.cfg.PublicBase != "" {
			continue
		}
		if list != "" {
			list += ", "
		}
		list += l.name
	}
	return list
}

// covers says that a text is signed because the base holds what it stands in.
func (c *checker) covers(b *base, l *Location) bool {
	names := l.Names
	switch l.Place {
	case InHeader:
		if b.has(pieceSignedValues) || b.has(pieceSignedLines) {
			return true // it must be listed, see [Scheme.time]
		}
	case InCookie:
		names = []string{"cookie"}
	case InQuery, InParameters:
		for i := range b.list {
			o := &b.list[i]
			if (o.piece == pieceQueryMinus || o.piece == pieceParameters) && o.text == l.Names[0] {
				return false
			}
		}
		return b.parts&partQuery != 0 && (l.Place == InQuery || b.parts&partParameters != 0)
	case InMember:
		return b.parts&partBody != 0
	case Nowhere:
		return false
	}
	for _, name := range names {
		found := false
		for i := range b.list {
			found = found || contains(b.list[i].names, name)
		}
		if !found {
			return false
		}
	}
	return true
}

// neighbours looks for pieces whose border a stranger could move: what was signed as one
// text would be read as another.
func (c *checker) neighbours(b *base) {
	for i := range b.list {
		if a := &b.list[i]; a.looks&seamless != 0 {
			c.warn("base", "has ", nameOf(a.piece), ", which joins its parts without a border: what ends the one may begin the other")
		}
	}
	for i := 0; i+1 < len(b.list); i++ {
		a, next := &b.list[i], &b.list[i+1]
		if a.piece == pieceLiteral || a.looks&fixed != 0 {
			continue
		}
		if next.piece != pieceLiteral {
			rootless := a.piece == pieceMethod || a.piece == pieceMethodLower || a.piece == pieceAuthority
			if next.looks&fixed == 0 && !(rootless && next.looks&rooted != 0) {
				c.warn("base", "has ", nameOf(a.piece), " and ", nameOf(next.piece), " side by side: what ends the one may begin the other")
			}
			continue
		}
		first := next.text[0]
		if first == '\n' && a.looks&lineOK != 0 || first == ' ' && a.looks&spaceOK != 0 || !variable(b.list[i+2:]) {
			continue
		}
		if a.looks&tame == 0 && !(a.piece == piecePath && first == '?') {
			c.warn("base", "has ", nameOf(a.piece), ", which may hold the ", strconv.Quote(next.text[:1]), " that is to end it")
		}
	}
}

// variable says that something follows whose form does not tell where it begins.
func variable(list []operation) bool {
	for i := range list {
		if list[i].piece != pieceLiteral && list[i].looks&fixed == 0 {
			return true
		}
	}
	return false
}

func nameOf(p piece) string {
	for i := range pieces {
		if pieces[i].piece == p {
			return "{" + pieces[i].name + "}"
		}
	}
	return ""
}
