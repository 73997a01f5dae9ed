package report

import "sort"

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
	c, ok := byCode[code]
	return c, ok
}

// Codes returns the whole table, sorted by code.
func Codes() []Code {
	out := make([]Code, 0, len(byCode))
	for _, c := range byCode {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

var byCode = index(c2paCodes, cawgCodes, consentCodes, metadataCodes, labelCodes, ownCodes, softBindingCodes, setCodes, watermarkCodes)

func index(tables ...[]Code) map[string]Code {
	m := map[string]Code{}
	for _, t := range tables {
		for _, c := range t {
			if _, twice := m[c.Code]; twice {
				panic("report: status code in the table twice: " + c.Code)
			}
			m[c.Code] = c
		}
	}
	return m
}
