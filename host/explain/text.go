package explain

import (
	"fmt"
	"strings"
)

// Text writes the report for a reader: the verdict last.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "at %s\n\nrequest\n", instant(r.Now))
	checks(&b, r.Request)
	if r.Rule != nil {
		fmt.Fprintf(&b, "\nrules[%d] requires %s\n", *r.Rule, r.Requirement)
	}
	for i := range r.Branches {
		n := &r.Branches[i]
		b.WriteString("\n" + n.Node)
		if n.Provider != "" {
			b.WriteString(", provider " + shown(n.Provider))
		}
		b.WriteString(": " + string(n.Outcome))
		if n.Reason != "" {
			b.WriteString(" (" + n.Reason + ")")
		}
		b.WriteByte('\n')
		checks(&b, n.Checks)
	}
	if len(r.KeySets) > 0 {
		b.WriteString("\nkey sets\n")
		for _, note := range r.KeySets {
			b.WriteString("  " + note + "\n")
		}
	}
	b.WriteString("\n" + r.Line() + "\n")
	if !r.Agreed {
		b.WriteString("DISAGREEMENT: " + r.Disagreement + "\n")
	}
	return b.String()
}

// Line is the verdict in a line.
func (r *Report) Line() string {
	v := &r.Verdict
	line := "verdict: allowed"
	switch {
	case !v.Allowed && v.Status != nil:
		line = fmt.Sprintf("verdict: refused with %d, %s", *v.Status, v.Reason)
	case !v.Allowed:
		line = "verdict: refused, " + v.Reason
	case r.Reported:
		line = "verdict: let through and reported, " + v.Reason
	}
	if v.Provider != "" {
		line += ", provider " + shown(v.Provider)
	}
	return line
}

func checks(b *strings.Builder, list []Check) {
	for i := range list {
		c := &list[i]
		mark := map[Outcome]string{Pass: "pass", Fail: "FAIL", NotReached: "-", NotJudged: "n/a"}[c.Outcome]
		line := fmt.Sprintf("  %-5s %-15s %s", mark, c.ID, c.Expected)
		switch {
		case c.Found != "" && c.Expected != "":
			line += "; found " + c.Found
		case c.Found != "":
			line += "found " + c.Found
		}
		if c.Outcome == Fail {
			line += " -> " + c.Reason
		}
		b.WriteString(strings.TrimRight(line, " ") + "  [" + c.Clause + "]\n")
	}
}
