// Package consent reads consent declarations and the tokens that stand behind them, and judges what they are worth
// for each depicted person: which declarations exist, by whom, how strongly they are bound to this file, and what
// they say about the declared use. Consent format, version 1.
//
// The package never says that consent was given: it says that consent was declared by somebody, verified against
// something, for something. It reads no file and asks no network; tokens, trust lists and status lists are handed in.
// Nothing that a token says is believed before its form, its algorithm, its key and its signature were checked, in
// that order, by code of this package; the JOSE library does arithmetic only.
//
// Start with [Judge] for a whole file, with [Ask] before there is one, or with [ReadToken] and [ParseTrustList] for single pieces.
package consent
