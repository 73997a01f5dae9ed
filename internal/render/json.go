package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

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

func writeJSON(w io.Writer, v any, indent string) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("report as JSON: %w", err)
	}
	_, err := w.Write(EscapeJSON(buf.Bytes()))
	return err
}

// EscapeJSON returns a JSON text with every character that [Safe] spells out as \uXXXX. Outside strings JSON has none
// of them but white space, which stays.
func EscapeJSON(text []byte) []byte {
	var out []byte // nil: nothing to escape so far
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		bad := r >= 0x7f && (r == utf8.RuneError && n == 1 || hostile(r))
		if bad && out == nil {
			out = append(make([]byte, 0, len(text)+64), text[:i]...)
		}
		switch {
		case !bad && out != nil:
			out = append(out, text[i:i+n]...)
		case bad && r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		case bad: // U+FFFD stands for a byte that is not UTF-8, as encoding/json does
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += n
	}
	if out == nil {
		return text
	}
	return out
}
