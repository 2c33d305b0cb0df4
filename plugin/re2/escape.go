package re2

import (
	"strings"
	"unicode/utf8"
)

// escape reads what begins with a backslash, outside of classes.
func (p *parser) escape() error {
	from := p.at
	if p.take(`\Q`) {
		text, _, _ := strings.Cut(p.source[p.at:], `\E`)
		for end := p.at + len(text); p.at < end; {
			at := p.at
			if err := p.literal(p.char(), at); err != nil {
				return err
			}
		}
		p.take(`\E`)
		return nil
	}
	if p.at+1 < len(p.source) {
		c := p.source[p.at+1]
		op := Nothing
		switch c {
		case 'A':
			op = BeginText
		case 'z':
			op = EndText
		case 'b':
			op = WordBoundary
		case 'B':
			op = NoWordBoundary
		}
		ranges, ok := perl(c, p.flags.fold)
		if ok {
			op = Class
		}
		if op != Nothing {
			p.at += 2
			p.push(&Node{Op: op, Ranges: ranges})
			return nil
		}
	}
	r, err := p.escaped()
	if err != nil {
		return err
	}
	return p.literal(r, from)
}

// escaped reads an escape that stands for one character, in a class or out of it.
func (p *parser) escaped() (rune, error) {
	from := p.at
	p.at++
	if p.at == len(p.source) {
		return 0, p.wrong("nothing follows the backslash", from)
	}
	switch c := p.char(); c {
	case 'a':
		return '\a', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'v':
		return '\v', nil
	case 'x':
		if r, ok := p.hexadecimal(); ok {
			return r, nil
		}
	case 'p', 'P':
		return 0, p.wrong("classes of Unicode are not supported, list the characters instead", from)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		if r, ok := p.octal(c); ok {
			return r, nil
		}
	default:
		if c < utf8.RuneSelf && (!isWord(c) || c == '_') {
			return c, nil
		}
	}
	return 0, p.wrong("not an escape that is known or supported", from)
}

// octal reads up to two digits behind the first one. A single one, other than 0, would
// refer to a group.
func (p *parser) octal(first rune) (rune, bool) {
	r, n := first-'0', 1
	for ; n < 3 && p.at < len(p.source) && '0' <= p.source[p.at] && p.source[p.at] <= '7'; n++ {
		r = r*8 + rune(p.source[p.at]-'0')
		p.at++
	}
	return r, n > 1 || first == '0'
}

// hexadecimal reads two digits, or any number of them in braces.
func (p *parser) hexadecimal() (rune, bool) {
	most, braces := 2, p.take("{")
	if braces {
		most = len(p.source)
	}
	r, n := rune(0), 0
	for ; n < most && p.at < len(p.source); n++ {
		d := strings.IndexByte("0123456789abcdef", p.source[p.at]|0x20)
		if d < 0 || p.source[p.at] < '0' { // |0x20 makes digits of control characters
			break
		}
		p.at++
		if r = r*16 + rune(d); r > lastRune {
			return 0, false
		}
	}
	if braces {
		return r, n > 0 && p.take("}")
	}
	return r, n == most
}

// class reads a class in brackets.
func (p *parser) class() error {
	from := p.at
	p.at++
	negate := p.take("^")
	var ranges []rune
	for first := true; first || !strings.HasPrefix(p.source[p.at:], "]"); first = false {
		if p.at == len(p.source) {
			return wrong("there is no ] for the [", p.source[from:], from)
		}
		more, ok, err := p.group()
		if err != nil {
			return err
		}
		if !ok {
			if more, err = p.span(from); err != nil {
				return err
			}
		}
		ranges = append(ranges, more...)
	}
	p.at++
	ranges = tidy(ranges)
	if p.flags.fold {
		if !foldable(ranges) {
			return p.wrong("under (?i) letters must be ASCII", from)
		}
		ranges = folded(ranges)
	}
	if negate {
		ranges = negated(ranges)
	}
	if len(ranges) == 2 && ranges[0] == ranges[1] {
		p.push(&Node{Op: Literal, Text: ranges[:1]})
		return nil
	}
	p.push(&Node{Op: Class, Ranges: ranges})
	return nil
}

// group reads [:name:] or \d and its like within a class, if one of them comes next.
func (p *parser) group() (ranges []rune, ok bool, err error) {
	rest := p.source[p.at:]
	if strings.HasPrefix(rest, `\`) && len(rest) > 1 {
		if ranges, ok = perl(rest[1], p.flags.fold); ok {
			p.at += 2
		}
		return ranges, ok, nil
	}
	if !strings.HasPrefix(rest, "[:") {
		return nil, false, nil
	}
	name, _, ok := strings.Cut(rest[2:], ":]")
	if !ok {
		return nil, false, nil // the [ is one of the characters
	}
	from := p.at
	p.at += len("[:") + len(name) + len(":]")
	name, negate := strings.CutPrefix(name, "^")
	if ranges, ok = named(name); !ok {
		return nil, false, p.wrong("not the name of a class", from)
	}
	ranges = cased(ranges, p.flags.fold)
	if negate {
		ranges = negated(ranges)
	}
	return ranges, true, nil
}

// span reads one character or a range of them within the class that begins at from.
func (p *parser) span(from int) ([]rune, error) {
	start := p.at
	lo, err := p.member(from)
	if err != nil {
		return nil, err
	}
	hi := lo
	if rest := p.source[p.at:]; len(rest) >= 2 && rest[0] == '-' && rest[1] != ']' {
		p.at++
		if hi, err = p.member(from); err != nil {
			return nil, err
		}
		if hi < lo {
			return nil, p.wrong("a range ends before it begins", start)
		}
	}
	return []rune{lo, hi}, nil
}

func (p *parser) member(from int) (rune, error) {
	if p.at == len(p.source) {
		return 0, wrong("there is no ] for the [", p.source[from:], from)
	}
	if p.source[p.at] == '\\' {
		return p.escaped()
	}
	return p.char(), nil
}
