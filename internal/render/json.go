package render

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/consentry/consentry/report"
)

// BatchSchema names the form of a [Batch] in JSON.
const BatchSchema = "consentry.batch/1"

// Batch is the answer about several assets.
type Batch struct {
	Schema  string           `json:"schema"`
	Verdict report.Verdict   `json:"verdict"` // the worst of all
	Reports []*report.Report `json:"reports"`
}

// NewBatch makes a batch of reports; its verdict is the worst of theirs.
func NewBatch(reports []*report.Report) *Batch {
	b := &Batch{Schema: BatchSchema, Verdict: report.NotApplicable, Reports: reports}
	if reports == nil {
		b.Reports = []*report.Report{}
	}
	for i, r := range reports {
		if i == 0 || Severity(r.Verdict) > Severity(b.Verdict) {
			b.Verdict = r.Verdict
		}
	}
	return b
}

// Severity orders verdicts: FAIL before INDETERMINATE before WARN before PASS, which NOT_APPLICABLE equals but for its
// name. A verdict that was never made is as INDETERMINATE.
func Severity(v report.Verdict) int {
	switch v {
	case report.Fail:
		return 4
	case report.Warn:
		return 2
	case report.Pass:
		return 1
	case report.NotApplicable:
		return 0
	}
	return 3
}

// JSON writes v as one indented document with a final newline. Characters that [Safe] spells out are written as \uXXXX,
// so that a report can be read on a terminal.
func JSON(w io.Writer, v any) error { return writeJSON(w, v, "  ") }

// Line writes v as one line of JSON, in the manner of [JSON].
func Line(w io.Writer, v any) error { return writeJSON(w, v, "") }

// Ready has what JSON needs to know of a report's types looked up by the time that a report is there: a tenth of the time
// that a small file takes, on a core that has nothing else to do. It does not wait for it.
func Ready() {
	go func() { _ = json.NewEncoder(io.Discard).Encode((*report.Report)(nil)) }()
}

func writeJSON(w io.Writer, v any, indent string) error {
	s := &spaced{w: w, indent: indent}
	enc := json.NewEncoder(s)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		if s.err != nil {
			return s.err
		}
		return fmt.Errorf("report as JSON: %w", err)
	}
	return nil
}
