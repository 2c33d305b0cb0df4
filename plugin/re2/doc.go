// Package re2 reads regular expressions and matches them with whole texts.
//
// In: an expression, and texts. Out: its syntax tree ([Node]), for those who want to
// know with what its texts begin, and a [Program], which says whether it matches a text
// from beginning to end. Spec: RE2's syntax, as Go's package regexp reads it, but that
// \p{..} and \pN are refused, and (?i) knows the case of ASCII letters alone (and of the
// two signs that Unicode folds to k and s): what stands under it may hold no other
// letters. The tables of all of Unicode are more than a tenth of a module otherwise.
// It finds no submatches, takes time in proportion to the text's length, allocates
// nothing while it matches, and is bounded in everything that an expression can ask for.
package re2
