package consentry

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/softbinding"
	"github.com/consentry/consentry/watermark"
)

// The results of a soft binding. A contract with readers of the report.
const (
	bindMatch    = "match"
	bindNoMatch  = "no-match"
	bindUnusable = "unusable"
	bindPresent  = "present"
	bindAbsent   = "absent"
	bindExtra    = "undeclared"
	bindOther    = "other-message"
	bindUnasked  = "not-checkable"
	bindUnknown  = "unknown-algorithm"
	bindClaimed  = "claimed-not-verified"
)

// maxSoftBindings bounds the blocks of soft bindings that are compared for one asset, and the rows about them; real
// manifests declare one or two.
const maxSoftBindings = 64

// readSoftBindings takes the soft bindings of the manifest that binds the content: the active one, or the first below
// its updates. C2PA 2.5, 16.3.7.
func (r *run) readSoftBindings(context.Context) error {
	m := r.boundManifest()
	if m == nil {
		return nil
	}
	list, more := m.SoftBindings(maxSoftBindings)
	r.declared = list
	if more {
		r.notChecked("soft bindings", fmt.Sprintf("the manifest declares more than %d; the rest was not compared", maxSoftBindings))
	}
	return nil
}

// boundManifest is the manifest that speaks of this asset's content; nil: none.
func (r *run) boundManifest() *manifest.ManifestResult {
	switch {
	case r.result == nil:
		return nil
	case r.result.Bound != nil:
		return r.result.Bound
	}
	return r.result.Active
}

// compareSoftBindings holds what the manifest declares against what was found. No result of it changes what is said of
// the manifest: a soft binding finds content, and never binds it. C2PA 2.5, 16.3.7.
func (r *run) compareSoftBindings(context.Context) error {
	m := r.boundManifest()
	if m == nil {
		return nil
	}
	part := 0 // of the fingerprint's spans
	for i := range r.declared {
		b := &r.declared[i]
		row := report.SoftBinding{Alg: beginning(b.Alg), Manifest: m.Label}
		if a := r.algorithm(b.Alg); a != nil {
			row.Type = a.Type
			if a.Deprecated {
				r.find(report.Newf("softBinding.deprecated", b.Assertion.URI, "%q", beginning(b.Alg)))
			}
		}
		if b.Span != nil {
			row.Span = &report.Span{StartMs: b.Span.Start, EndMs: b.Span.End}
		}
		var of *fingerprint.Result
		if r.prints != nil {
			of = r.prints.Result()
		}
		if b.Alg == softbinding.ISCC && b.Span != nil {
			if r.prints != nil {
				of = r.prints.Part(part)
			}
			part++
		}
		r.compare(b, &row, of)
		r.out.Watermarks.SoftBindings = append(r.out.Watermarks.SoftBindings, row)
	}
	r.undeclared(m)
	r.claimed()
	return nil
}

// compare fills in the result of one block. of is the fingerprint of the part that it speaks of; nil: there is none.
func (r *run) compare(b *manifest.SoftBinding, row *report.SoftBinding, of *fingerprint.Result) {
	mark := softbinding.Mark(b.Alg)
	switch {
	case b.Fault != "":
		r.bindingIs(row, bindUnusable, "softBinding.unusable", b, b.Fault)
	case b.Alg == "":
		r.bindingIs(row, bindUnusable, "softBinding.unusable", b, "it names no algorithm")
	case b.Region:
		r.bindingIs(row, bindUnasked, "", b, "it speaks of a part of the picture, which is not cut out here")
	case b.Alg == softbinding.ISCC:
		r.compareISCC(b, row, of)
	case mark != "":
		row.Type = softbinding.Watermark
		r.compareMark(b, row, mark)
	case len(r.detectorsOf(b.Alg)) > 0:
		r.compareDetected(b, row, r.detectorsOf(b.Alg))
	case row.Type == "":
		r.bindingIs(row, bindUnknown, "softBinding.unknownAlgorithm", b, "no list known here has it")
	default:
		why := "it needs a detector that is not part of this program"
		if a := r.algorithm(b.Alg); !a.ForVideo() {
			why += ", and is registered for other media than video"
		}
		r.bindingIs(row, bindUnasked, "", b, why)
	}
}

// bindingIs writes a result down; code is of the finding that says it, empty: the row is enough, and what was not
// checked lists it.
func (r *run) bindingIs(row *report.SoftBinding, result, code string, b *manifest.SoftBinding, why string) {
	row.Result, row.Text = result, why
	if code == "" {
		r.notChecked("soft binding "+beginning(b.Alg), why)
		return
	}
	r.find(report.New(code, b.Assertion.URI, fmt.Sprintf("%s: %s", cmp.Or(beginning(b.Alg), "no algorithm"), why)))
}

// compareISCC holds a declared fingerprint against the clip's. The nearest of several units counts. Units of data and of
// the whole file speak of the file before it was signed, and differ in every file that embeds its manifest. Draft
// IEP-0020, Soft Binding Verification.
func (r *run) compareISCC(b *manifest.SoftBinding, row *report.SoftBinding, of *fingerprint.Result) {
	units, err := readUnits(b)
	if err != nil {
		r.bindingIs(row, bindUnusable, "softBinding.unusable", b, err.Error())
		return
	}
	if b.Text {
		r.find(report.New("softBinding.textValue", b.Assertion.URI, b.Alg))
	}
	nearest, whole := -1, 0
	for i := range units {
		if len(units[i].Body)*8 == fingerprint.Bits && units[i].Version == 0 {
			whole++
		}
		if code, ok := units[i].Code(); ok && of != nil {
			if d := code.Distance(&of.Code); nearest < 0 || d < nearest {
				nearest = d
			}
		}
	}
	video := hasVideoCode(units)
	switch {
	case whole == 0:
		r.bindingIs(row, bindUnusable, "softBinding.unusable", b, "no unit of version 0 and 256 bits")
	case !video:
		r.bindingIs(row, bindUnasked, "", b, "it has no Video-Code; other units are not computed here")
	case of == nil:
		r.bindingIs(row, bindUnasked, "", b, "no fingerprint of this clip, or of the part that it speaks of, was computed")
	default:
		row.Distance = &nearest
		r.judgeDistance(b, row, nearest, of.LowInformation())
	}
}

func hasVideoCode(units []fingerprint.Unit) bool {
	for i := range units {
		if _, ok := units[i].Code(); ok {
			return true
		}
	}
	return false
}

// readUnits reads a value: bytes are a sequence, text is its text form.
func readUnits(b *manifest.SoftBinding) ([]fingerprint.Unit, error) {
	if b.Text {
		return fingerprint.ParseText(string(b.Value))
	}
	return fingerprint.ParseSequence(b.Value)
}

func (r *run) judgeDistance(b *manifest.SoftBinding, row *report.SoftBinding, d int, low bool) {
	result, code := bindNoMatch, "softBinding.mismatch"
	row.Strength = "none"
	switch {
	case d <= fingerprint.MaxMatch:
		result, code, row.Strength = bindMatch, "softBinding.match", "match"
	case d <= fingerprint.MaxWeak:
		code, row.Strength = "softBinding.weak", "weak"
	}
	why := fmt.Sprintf("%d of %d bits differ", d, fingerprint.Bits)
	if low {
		why += ", and the clip's code rests on hardly anything"
	}
	r.bindingIs(row, result, code, b, why)
}

// compareMark holds a declared mark against those that were found.
func (r *run) compareMark(b *manifest.SoftBinding, row *report.SoftBinding, mark string) {
	w := &r.out.Watermarks
	if w.State != "analysed" && w.State != "partial" {
		r.bindingIs(row, bindUnasked, "", b, "nobody looked for marks")
		return
	}
	want := messageOf(b)
	var other string
	for i := range w.Found {
		f := &w.Found[i]
		if !strings.EqualFold(f.Algorithm, mark) {
			continue
		}
		if trimHex(f.Message) == want {
			r.bindingIs(row, bindPresent, "softBinding.present", b, "message "+f.Message)
			return
		}
		other = f.Message
	}
	if other != "" {
		r.bindingIs(row, bindOther, "softBinding.otherMessage", b, fmt.Sprintf("message %q is declared, and %q is there", beginning(want), other))
		return
	}
	if !r.lookedFor(mark, want) {
		why := fmt.Sprintf("message %q is none of those that are looked for: name it with --watermark", beginning(want))
		r.bindingIs(row, bindUnasked, "", b, why)
		return
	}
	r.bindingIs(row, bindAbsent, "softBinding.absent", b, fmt.Sprintf("message %q was not found", beginning(want)))
}

// lookedFor reports whether a message is one that was looked for: a public one, or one of the user's own. One that only
// the manifest names is not: whoever wrote the manifest could have chosen it to fit the picture, and what the search
// says of chance holds for messages that nobody chose so.
func (r *run) lookedFor(mark, message string) bool {
	for _, m := range slices.Concat(watermark.Known(), r.v.Messages) {
		if trimHex(m.Hex()) == message && (m.Algorithm == "" || strings.EqualFold(string(m.Algorithm), mark)) {
			return true
		}
	}
	return false
}

// messageOf is the message that a block declares, in hex, without the zeros in front.
func messageOf(b *manifest.SoftBinding) string { return trimHex(wholeMessage(b)) }

// wholeMessage is the message that a block declares, in hex, two digits to a byte: bytes as they are, text where it is
// hex.
func wholeMessage(b *manifest.SoftBinding) string {
	if b.Text {
		if text := strings.ToLower(string(b.Value)); isHex(text) {
			if len(text)%2 > 0 {
				text = "0" + text
			}
			return text
		}
	}
	return hex.EncodeToString(b.Value)
}

func isHex(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdef") == "" }

// trimHex takes off what a message of a number of bits that is no multiple of four is filled up with.
func trimHex(s string) string { return strings.TrimLeft(strings.ToLower(s), "0") }

// undeclared lists marks that the manifest does not name.
func (r *run) undeclared(m *manifest.ManifestResult) {
	named := map[string]bool{}
	for i := range r.declared {
		if mark := softbinding.Mark(r.declared[i].Alg); mark != "" {
			named[strings.ToLower(mark)] = true
		}
		named[strings.ToLower(r.declared[i].Alg)] = true
	}
	r.undeclaredByDetectors(m, named)
	for _, f := range r.out.Watermarks.Found {
		if named[strings.ToLower(f.Algorithm)] {
			continue
		}
		why := fmt.Sprintf("message %s is in the picture and the manifest does not name it", f.Message)
		r.out.Watermarks.SoftBindings = append(r.out.Watermarks.SoftBindings, report.SoftBinding{
			Alg: f.Algorithm, Result: bindExtra, Type: softbinding.Watermark, Manifest: m.Label, Text: why,
		})
		r.find(report.Newf("softBinding.undeclared", "", "%s: %s", f.Algorithm, why))
	}
}

// closedMarks are marks without a detector that others can run, by words that generators write into their actions.
var closedMarks = []string{"synthid"}

// claimed lists marks that a manifest only speaks of: a sentence in an action is all the evidence there is.
func (r *run) claimed() {
	rows := 0
	for _, m := range r.result.Manifests {
		told := map[string]bool{}
		for i := range m.Actions {
			a := &m.Actions[i]
			name := r.claimOf(m, a)
			if name == "" || told[name] || !m.Reached || rows == maxSoftBindings {
				continue
			}
			told[name] = true
			rows++
			why := fmt.Sprintf("%s: %q", a.Action, beginning(cmp.Or(a.Description, a.SoftwareAgent, a.Reason)))
			r.out.Watermarks.SoftBindings = append(r.out.Watermarks.SoftBindings, report.SoftBinding{
				Result: bindClaimed, Type: softbinding.Watermark, Manifest: m.Label, Text: why,
			})
			r.find(report.New("softBinding.claimed", a.Assertion, why))
		}
	}
}

// claimOf is what a mark that an action speaks of goes by: a closed mark's name, or the action's where the manifest has
// no soft binding for it. Empty: it speaks of none.
func (r *run) claimOf(m *manifest.ManifestResult, a *manifest.Action) string {
	words := strings.ToLower(a.Description + " " + a.SoftwareAgent + " " + a.Reason)
	for _, name := range closedMarks {
		if strings.Contains(words, name) {
			return name
		}
	}
	if !strings.HasPrefix(a.Action, "c2pa.watermarked") {
		return ""
	}
	if list, _ := m.SoftBindings(1); len(list) > 0 {
		return ""
	}
	return a.Action
}

// maxQuoted bounds the bytes that are quoted from an action.
const maxQuoted = 200

// beginning is as much of a text of the file as is quoted.
func beginning(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "") + "…"
	}
	return s
}
