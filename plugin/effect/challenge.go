package effect

// maxChallenges bounds the challenges of one answer.
const maxChallenges = 6

// Challenge is one entry of a list of challenges: the scheme's name and the providers that
// it stands for.
type Challenge struct {
	// Scheme is the authentication scheme (RFC 9110 §11.1).
	Scheme string
	// Providers are the indices of those whose refusals it tells of.
	Providers []int
}

// bearer is the list where nothing but tokens is asked for.
var bearer = []Challenge{{Scheme: "Bearer"}}

// AddChallenges returns the number of a list of challenges, of which the first six count;
// a list that is there already is not added again. The list 0 is that of tokens.
func (cfg *Config) AddChallenges(list []Challenge) int {
	if len(list) == 0 || len(list) == 1 && list[0].Scheme == "Bearer" {
		return 0
	}
	list = list[:min(len(list), maxChallenges)]
	for i := range cfg.Challenges {
		if sameChallenges(cfg.Challenges[i], list) {
			return i + 1
		}
	}
	cfg.Challenges = append(cfg.Challenges, list)
	return len(cfg.Challenges)
}

func sameChallenges(a, b []Challenge) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Scheme != b[i].Scheme || len(a[i].Providers) != len(b[i].Providers) {
			return false
		}
		for n := range a[i].Providers {
			if a[i].Providers[n] != b[i].Providers[n] {
				return false
			}
		}
	}
	return true
}

// Challenge says for the next refusal which list of challenges it carries, and which
// provider has decided, -1 for none.
func (w *Writer) Challenge(list, provider int) { w.list, w.decider = list, provider }

// challenges is the list that the next refusal carries.
func (w *Writer) challenges(cfg *Config) []Challenge {
	if w.list <= 0 || w.list > len(cfg.Challenges) {
		return bearer
	}
	return cfg.Challenges[w.list-1]
}

// tells says whether a challenge is the one that tells why the request was refused.
func (w *Writer) tells(list []Challenge, i int) bool {
	if len(list) == 1 {
		return true
	}
	for n := range list[i].Providers {
		if list[i].Providers[n] == w.decider {
			return true
		}
	}
	return false
}
