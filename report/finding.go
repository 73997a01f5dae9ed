// Package report holds the finding, the table of status codes, and the report that a verification ends in.
//
// A finding is one thing that was learnt about an asset. It carries a status code of the table in this package, so
// that every "no" has a reason, a place and a clause. Codes of C2PA are spelled as the specification spells them
// (C2PA 2.5, Appendix D); the project's own start with "consent.", "asset.", "trust.", "label." or "watermark.".
//
// The package refuses to know a finding without a row in the table: [New] panics, because that is a bug of ours and
// never the file's doing. Start with [New] and [Report].
package report

import (
	"fmt"
	"strings"
)

// Outcome says how a finding counts. C2PA 2.5, 14.2.2.
type Outcome string

// The three outcomes. Informational findings never decide a state by themselves.
const (
	Success       Outcome = "success"
	Informational Outcome = "informational"
	Failure       Outcome = "failure"
)

// Finding is one thing learnt about an asset. C2PA 2.5, 14.2.2 (status map), with members of our own.
type Finding struct {
	Code        string  `json:"code"`
	Outcome     Outcome `json:"outcome"`
	URL         string  `json:"url,omitempty"`         // JUMBF URI of the box that it speaks of
	Where       string  `json:"where,omitempty"`       // box path, JSON path or time in the asset
	Offset      *int64  `json:"offset,omitempty"`      // byte offset in the file that Where speaks of
	Explanation string  `json:"explanation,omitempty"` // plain words
	Clause      string  `json:"clause,omitempty"`      // specification and clause
	Manifest    string  `json:"manifest,omitempty"`    // label of the manifest, where it is not the active one
	Person      string  `json:"person,omitempty"`      // id of the person or work
	Token       *int    `json:"token,omitempty"`       // index into the assertion's tokens
}

// New makes a finding of a code in the table; url is the JUMBF URI that it speaks of, or empty.
// It panics on a code that the table lacks.
func New(code, url, explanation string) Finding {
	row, ok := Lookup(code)
	if !ok {
		panic("report: status code without a row in the table: " + code)
	}
	return Finding{Code: code, Outcome: row.Outcome, URL: url, Explanation: explanation, Clause: row.Clause}
}

// Newf is [New] with a formatted explanation. Text that comes from a file belongs in %q.
func Newf(code, url, format string, args ...any) Finding {
	return New(code, url, fmt.Sprintf(format, args...))
}

// At returns the finding with a place in the file: a box path and the byte offset where it starts.
func (f Finding) At(where string, offset int64) Finding {
	f.Where, f.Offset = where, &offset
	return f
}

// Has reports whether a finding with the code is in the list.
func Has(list []Finding, code string) bool {
	for _, f := range list {
		if f.Code == code {
			return true
		}
	}
	return false
}

// Failure is the failure that says most about a person: their own, else one of their tokens; nil: there is none.
func (p *Person) Failure() *Finding {
	for i := range p.Findings {
		if p.Findings[i].Outcome == Failure {
			return &p.Findings[i]
		}
	}
	for i := range p.Tokens {
		for j := range p.Tokens[i].Findings {
			if p.Tokens[i].Findings[j].Outcome == Failure {
				return &p.Tokens[i].Findings[j]
			}
		}
	}
	return nil
}

// Count writes a number of things with their noun, which takes an s or, as a box does, an es.
func Count[N int | int64](n N, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "x"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
