package re2

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds on an expression. Its length is the caller's to bound.
const (
	// MaxRepeat is the most that {n,m} may say, and what those within each other may
	// multiply to.
	MaxRepeat = 1000
	// MaxHeight is how deep a tree may be: functions that call themselves walk it.
	MaxHeight = 100
)

// flags are what (?..) sets.
type flags struct {
	fold   bool // i
	lines  bool // m: ^ and $ are at lines
	dotAll bool // s: . is a line's end too
}

// frame is a group that is open, or the whole expression.
type frame struct {
	at    int   // where its ( is
	outer flags // what holds again behind it
	// done are its alternatives but the last, of which items has been read.
	done, items []*Node
}

type parser struct {
	source string
	at     int
	flags  flags
	frames []frame
	// repeats is where the repetition begins that was read last, if nothing follows it
	// yet, or -1.
	repeats int
}

// Parse reads an expression. The error says what is wrong with it, and where.
func Parse(source string) (*Node, error) {
	if !utf8.ValidString(source) {
		return nil, errors.New("is not UTF-8")
	}
	p := &parser{source: source, frames: make([]frame, 1, 8), repeats: -1}
	for p.at < len(source) {
		before := p.repeats
		p.repeats = -1
		if err := p.next(before); err != nil {
			return nil, err
		}
	}
	if len(p.frames) > 1 {
		return nil, wrong("there is no ) for the (", source[p.top().at:], p.top().at)
	}
	n := p.top().node()
	if n.height > MaxHeight {
		return nil, tooDeep(source, 0)
	}
	return n, nil
}

// quoted is how much of an expression an error quotes.
const quoted = 32

// wrong is an error at an offset.
func wrong(what, text string, at int) error {
	if len(text) > quoted {
		n := quoted
		for !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n] + "..."
	}
	return errors.New(what + ": " + text + " at byte " + strconv.Itoa(at))
}

func tooDeep(text string, at int) error {
	return wrong("groups and repetitions within each other go too deep", text, at)
}

func (p *parser) wrong(what string, from int) error { return wrong(what, p.source[from:p.at], from) }

func (p *parser) top() *frame { return &p.frames[len(p.frames)-1] }

// node is what a group has become.
func (f *frame) node() *Node { return alternate(append(f.done, concat(f.items))) }

func (p *parser) push(n *Node) {
	f := p.top()
	f.items = append(f.items, n)
}

// take reads text if it comes next.
func (p *parser) take(text string) bool {
	if !strings.HasPrefix(p.source[p.at:], text) {
		return false
	}
	p.at += len(text)
	return true
}

// char reads a character; there is one.
func (p *parser) char() rune {
	r, n := utf8.DecodeRuneInString(p.source[p.at:])
	p.at += n
	return r
}

// next reads what stands at p.at. before is where the repetition begins that ends here,
// or -1.
func (p *parser) next(before int) error {
	from := p.at
	switch c := p.source[p.at]; c {
	case '(':
		if strings.HasPrefix(p.source[p.at:], "(?") {
			return p.special()
		}
		p.at++
		p.open(from)
	case '|':
		p.at++
		f := p.top()
		f.done, f.items = append(f.done, concat(f.items)), nil
	case ')':
		p.at++
		return p.close(from)
	case '[':
		return p.class()
	case '*', '+', '?':
		p.at++
		least, most := 0, -1
		if c == '+' {
			least = 1
		} else if c == '?' {
			most = 1
		}
		return p.repeat(from, before, least, most)
	case '{':
		least, most, ok := p.counts()
		if !ok {
			p.at++
			return p.literal('{', from)
		}
		if most > MaxRepeat || least > MaxRepeat || most >= 0 && least > most {
			return p.wrong("a count is more than "+strconv.Itoa(MaxRepeat)+", or the second less than the first", from)
		}
		return p.repeat(from, before, least, most)
	case '\\':
		return p.escape()
	case '^', '$', '.':
		p.at++
		p.sign(c)
	default:
		return p.literal(p.char(), from)
	}
	return nil
}

// sign is what ^, $ and . mean under the flags.
func (p *parser) sign(c byte) {
	n := &Node{Op: Class}
	switch {
	case c == '^' && p.flags.lines:
		n.Op = BeginLine
	case c == '^':
		n.Op = BeginText
	case c == '$' && p.flags.lines:
		n.Op = EndLine
	case c == '$':
		n.Op = EndText
	case p.flags.dotAll:
		n.Ranges = negated(nil)
	default:
		n.Ranges = negated(newRow)
	}
	p.push(n)
}

func (p *parser) literal(r rune, from int) error {
	if p.flags.fold && r >= utf8.RuneSelf && !foldable([]rune{r, r}) {
		return p.wrong("under (?i) letters must be ASCII", from)
	}
	p.push(&Node{Op: Literal, Fold: p.flags.fold, Text: []rune{r}})
	return nil
}

func (p *parser) open(from int) { p.frames = append(p.frames, frame{at: from, outer: p.flags}) }

func (p *parser) close(from int) error {
	if len(p.frames) == 1 {
		return p.wrong("there is no ( for the )", from)
	}
	f := p.top()
	n := f.node()
	if n.height > MaxHeight {
		return tooDeep(p.source[f.at:], f.at)
	}
	p.flags = f.outer
	p.frames = p.frames[:len(p.frames)-1]
	p.push(n)
	return nil
}

// special reads a group that begins with (?: a name, flags, or both flags and a group.
func (p *parser) special() error {
	from := p.at
	if p.take("(?P<") || p.take("(?<") {
		start := p.at
		for p.at < len(p.source) && isWord(rune(p.source[p.at])) {
			p.at++
		}
		if named := p.at > start; !p.take(">") || !named {
			return p.wrong("a group's name is letters, digits and _ between < and >", from)
		}
		p.open(from)
		return nil
	}
	p.at += 2
	set, value, some := p.flags, true, false
	for p.at < len(p.source) {
		switch c := p.char(); {
		case c == 'i':
			set.fold, some = value, true
		case c == 'm':
			set.lines, some = value, true
		case c == 's':
			set.dotAll, some = value, true
		case c == 'U': // which of several matches is found is never asked
			some = true
		case c == '-' && value:
			value, some = false, false
		case (c == ':' || c == ')') && (value || some):
			if c == ':' {
				p.open(from)
			}
			p.flags = set
			return nil
		default:
			return p.wrong("not known or not supported", from)
		}
	}
	return p.wrong("there is no end of the group", from)
}

// repeat applies a repetition to what was read last.
func (p *parser) repeat(from, before, least, most int) error {
	p.take("?") // the shortest match: as above
	if before >= 0 {
		return p.wrong("a repetition of a repetition needs a group", before)
	}
	f := p.top()
	k := len(f.items) - 1
	if k < 0 {
		return p.wrong("there is nothing to repeat", from)
	}
	n := repeat(f.items[k], least, most)
	if copies(n, MaxRepeat) > MaxRepeat {
		return p.wrong("counts within each other multiply to more than "+strconv.Itoa(MaxRepeat), from)
	}
	if n.height > MaxHeight {
		return tooDeep(p.source[from:], from)
	}
	f.items[k] = n
	p.repeats = from
	return nil
}

// counts reads {n}, {n,} or {n,m}; whatever else begins with { is text.
func (p *parser) counts() (least, most int, ok bool) {
	from := p.at
	p.at++
	if least, ok = p.count(); ok {
		most = least
		if p.take(",") {
			if p.take("}") {
				return least, -1, true
			}
			most, ok = p.count()
		}
		if ok && p.take("}") {
			return least, most, true
		}
	}
	p.at = from
	return 0, 0, false
}

// count reads a decimal number without leading zeros; what is above MaxRepeat is only
// said to be more.
func (p *parser) count() (n int, ok bool) {
	from := p.at
	for p.at < len(p.source) && '0' <= p.source[p.at] && p.source[p.at] <= '9' {
		n = min(n*10+int(p.source[p.at]-'0'), MaxRepeat+1)
		p.at++
	}
	if p.at == from || p.at-from > 1 && p.source[from] == '0' {
		return 0, false
	}
	return n, true
}

// isWord says that r is a letter, a digit or _, all of them ASCII.
func isWord(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || r == '_' || 'a' <= r && r <= 'z'
}
