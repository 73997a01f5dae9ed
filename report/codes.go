package report

import (
	"sort"
	"sync"
)

// Code is a row of the table of status codes: what a code means, where that is written, and what to do about it.
type Code struct {
	Code    string
	Outcome Outcome
	Title   string // one line, plain words
	Clause  string // specification and clause
	Advice  string // what to do; empty where nothing is to be done
}

// Lookup returns the row of a code.
func Lookup(code string) (Code, bool) {
	c, ok := byCode()[code]
	if !ok {
		return Code{}, false
	}
	return *c, true
}

// Codes returns the whole table, sorted by code.
func Codes() []Code {
	out := make([]Code, 0, len(byCode()))
	for _, c := range byCode() {
		out = append(out, *c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

// byCode is the table, put together by whoever looks first: a start of the program that judges nothing needs none of it.
var byCode = sync.OnceValue(func() map[string]*Code {
	tables := [][]Code{c2paCodes, cawgCodes, consentCodes, metadataCodes, labelCodes, ownCodes, softBindingCodes, setCodes, watermarkCodes}
	n := 0
	for _, t := range tables {
		n += len(t)
	}
	m := make(map[string]*Code, n)
	for _, t := range tables {
		for i := range t {
			c := &t[i]
			if m[c.Code] != nil {
				panic("report: status code in the table twice: " + c.Code)
			}
			m[c.Code] = c
		}
	}
	return m
})
