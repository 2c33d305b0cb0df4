// Package template verifies requests by a description of how they are signed: where the
// signature stands, where the time, and what text was signed. Most senders of webhooks and
// most partners' own schemes are such a description and nothing more; the known ones are
// the table of [Presets].
//
// In: a description ([Config]), then requests. Out: claims for the frame, or why there are
// none. Spec: the documentation's chapter on templates; each preset names its vendor's page.
//
// A base is parsed once, into a list of operations. Whatever it names must be in the
// request exactly once; what could be read in two ways (a list's field twice, an id that
// holds the separator that ends it) is refused. The package never sees a key, never looks
// at a body that it need not see, and knows no vendor by name.
package template
