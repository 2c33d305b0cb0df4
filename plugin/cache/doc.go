// Package cache remembers values by token, in bounded memory that no collector scans.
//
// In: a [Key] (a token's bytes, whose it is, the generation of the keys behind it) and
// the time. Out: the bytes that were put under exactly that key, or nothing. Spec:
// S3-FIFO (Yang, Zhang, Qiu, Yue, Vigfusson, "FIFO queues are all you need for cache
// eviction", SOSP 2023) over logs of segments; NH (Black, Halevi, Krawczyk, Krovetz,
// Rogaway, "UMAC", CRYPTO 1999) under SipHash for the index.
//
// It never takes a hash for a token: all bytes are compared at every hit. It never
// holds more entries or bytes than it was given, never works longer on one insertion
// than over a few segments, never looks into a value, and makes no host call.
//
// Two queues share segments of one size. A new entry goes to the probation queue, a
// tenth of the whole; what has been found there again by the time its turn to leave
// comes moves to the main queue, the rest leaves a mark, which counts as having been
// found if the entry comes again. Entries leave the main queue in the order in which
// they came, those that were found since go to its end. So a flood of tokens that are
// seen once passes through the tenth. While there is room nothing leaves at all: full
// segments of the probation queue become main ones as they are.
package cache
