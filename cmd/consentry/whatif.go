package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/report"
)

// whatIf is --what-if: the question whether a verdict would change with other trust lists.
type whatIf struct {
	lists    []string // as they were named
	verifier *consentry.Verifier
}

// readWhatIf reads the parts of --what-if: names of lists go into the place of those of --trust-list, files into that of
// --trust. What is of neither kind is refused.
func readWhatIf(o *verifyOptions) (*verifyOptions, error) {
	other := *o
	var names, files []string
	for _, part := range o.whatIf {
		switch info, err := os.Stat(part); {
		case slices.Contains(listNames, part):
			names = append(names, part)
		case err == nil && !info.IsDir():
			files = append(files, part)
		default:
			return nil, wordError("--what-if", part, append(slices.Clone(listNames), "or a file of anchors"))
		}
	}
	if names != nil {
		other.trustLists = names
	}
	if files != nil {
		other.trust = files
	}
	if len(names) > 1 && slices.Contains(names, "none") {
		return nil, &usageError{Text: "--what-if none excludes other lists"}
	}
	return &other, nil
}

// newWhatIf makes the second verifier: the first one with other trust. nil: nobody asked.
func newWhatIf(o *verifyOptions, v *consentry.Verifier) (*whatIf, error) {
	if len(o.whatIf) == 0 {
		return nil, nil
	}
	other, err := readWhatIf(o)
	if err != nil {
		return nil, err
	}
	t, err := loadTrust(other, profileOf(v), func(string, ...any) {})
	if err != nil {
		return nil, err
	}
	second := *v
	second.Trust = *t
	return &whatIf{lists: o.whatIf, verifier: &second}, nil
}

// ask judges an asset once more, with the other trust, and puts the answer into the report. Nothing else of the report
// changes, and neither does the exit code.
func (w *whatIf) ask(ctx context.Context, asset consentry.Asset, r *report.Report) error {
	if w == nil || r == nil || !r.Complete {
		return nil
	}
	other, err := w.verifier.Verify(ctx, asset)
	if err != nil {
		return fmt.Errorf("--what-if %s: %w", strings.Join(w.lists, ","), err)
	}
	p := other.Provenance
	r.WhatIf = &report.WhatIf{
		Lists: w.lists, Changes: other.Verdict != r.Verdict, Verdict: other.Verdict, Reasons: other.Reasons,
		State: p.State, Signer: p.Signer.State, List: p.Signer.List, Time: p.Time.State, Origin: other.Origin.State,
	}
	return nil
}
