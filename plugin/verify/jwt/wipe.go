package jwt

// Reserve gives the attempt memory of its own for good: for tokens of up to so many
// characters, whose claims have so many names and values and so many bytes of strings
// with escapes, Parse allocates nothing.
func (a *Attempt) Reserve(characters, values, escaped int) {
	a.token.Reserve(characters)
	a.claims.Reserve(values, escaped)
}

// Wipe clears what tokens have left in the attempt's own memory and lets go of all
// other: the attempt is as after Reserve.
func (a *Attempt) Wipe() {
	a.token.Wipe()
	a.claims.Wipe()
	a.reset()
	a.facts = facts{}
}
