package manifest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
)

// Labels of the assertions that have rules here. C2PA 2.5, 16.
const (
	labelActions     = "c2pa.actions"
	labelActionsV2   = "c2pa.actions.v2"
	labelIngredient  = "c2pa.ingredient"
	labelSoftBinding = "c2pa.soft-binding"
	labelCloudData   = "c2pa.cloud-data"
	labelExternalRef = "c2pa.external-reference"
	labelTimeStamp   = "c2pa.time-stamp"
	labelCertStatus  = "c2pa.certificate-status"
	labelMultiAsset  = "c2pa.hash.multi-asset"
	labelBMFFv1      = "c2pa.hash.bmff"
	labelStore       = "c2pa.assertions"
	labelMetadata    = "c2pa.assertion.metadata" // of the claim as a whole
)

// hardBindings are the assertions that bind a manifest to its content. C2PA 2.5, 12.2.2.
var hardBindings = map[string]bool{
	"c2pa.hash.data": true, "c2pa.hash.boxes": true, "c2pa.hash.collection.data": true, "c2pa.hash.segment": true,
	"c2pa.hash.bmff.v2": true, "c2pa.hash.bmff.v3": true,
}

// redactedUUID is the ID of the uuid box that stands in the place of a redacted assertion's content. C2PA 2.5, 14.10.3.
const redactedUUID = "\xCA\xA9\x8E\xEE\x9D\x4D\xF8\x0E\x86\xAD\x4D\xFF\xCA\x26\x39\x73"

// baseLabel takes the instance from a label: c2pa.ingredient.v3__2 gives c2pa.ingredient.v3. C2PA 2.5, 8.2.
func baseLabel(label string) string {
	i := strings.LastIndex(label, "__")
	if i < 0 {
		return label
	}
	if n, err := strconv.ParseUint(label[i+2:], 10, 32); err != nil || n == 0 {
		return label
	}
	return label[:i]
}

func isActions(base string) bool { return base == labelActions || base == labelActionsV2 }

func isIngredient(base string) bool {
	return base == labelIngredient || base == labelIngredient+".v2" || base == labelIngredient+".v3"
}

// newAssertion reads an assertion's superbox as far as its bytes. C2PA 2.5, 16.1.
func newAssertion(m *Manifest, b *jumbf.Box) *Assertion {
	a := &Assertion{Label: b.Label(), Base: baseLabel(b.Label()), URI: m.URI(labelStore, b.Label()), box: b}
	if len(b.Children) == 0 {
		return a
	}
	c := b.Children[0]
	a.ContentType, a.Payload = c.Type, c.Payload()
	if c.Type == "bfdb" {
		a.ContentType = "embedded"
		a.MediaType, a.FileName = fileDescription(c.Payload())
		a.Payload = nil
		if data := b.Content("bidb"); data != nil {
			a.Payload = data.Payload()
		}
	}
	return a
}

// fileDescription reads an embedded file's description: toggles, media type NUL, and where bit 0 is set file name NUL.
// ISO/IEC 19566-5, B.5.
func fileDescription(p []byte) (mediaType, name string) {
	if len(p) < 1 {
		return "", ""
	}
	parts := strings.SplitN(string(p[1:]), "\x00", 3)
	mediaType = parts[0]
	if p[0]&1 != 0 && len(parts) > 1 {
		name = parts[1]
	}
	return mediaType, name
}

// Tree returns the CBOR content; an error where the assertion has none, or it is broken.
func (a *Assertion) Tree() (cbortree.Value, error) {
	if a.read {
		return a.tree, a.broken
	}
	if a.ContentType != "cbor" {
		return cbortree.Value{}, fmt.Errorf("the assertion holds %q and no CBOR", a.ContentType)
	}
	return cbortree.Parse(a.Payload)
}

// release gives up what was read, once nothing of the validation looks at it any more: what an ingredient assertion records
// is much of a long history. It is read again where somebody asks.
func (a *Assertion) release() {
	if a.read && a.broken == nil && !a.released {
		a.tree, a.read, a.released = cbortree.Value{}, false, true
	}
}

// JSON returns the content as crJSON shows it; nil for binary content. An error where it is broken. C2PA 2.5, crJSON.
func (a *Assertion) JSON() (any, error) {
	switch a.ContentType {
	case "cbor":
		t, err := a.Tree()
		if err != nil {
			return nil, err
		}
		return t.JSON(), nil
	case "json":
		var out any
		d := json.NewDecoder(strings.NewReader(string(a.Payload)))
		d.UseNumber()
		if err := d.Decode(&out); err != nil {
			return nil, err
		}
		return out, nil
	}
	return nil, nil
}

// zeroed reports whether the content is what a redaction in place leaves: one uuid box of that ID and nothing but
// zeros. C2PA 2.5, 14.10.3.
func (a *Assertion) zeroed() bool {
	if a.box == nil || len(a.box.Children) != 1 || a.box.Children[0].Type != "uuid" {
		return false
	}
	p := a.box.Children[0].Payload()
	if len(p) < 16 || string(p[:16]) != redactedUUID {
		return false
	}
	for _, b := range p[16:] {
		if b != 0 {
			return false
		}
	}
	return true
}

// wantsJSON reports whether a standard assertion must hold JSON. C2PA 2.5, 16.
func wantsJSON(base string) bool { return base == "c2pa.metadata" || base == "c2pa.repository-receipt" }

// wantsCBOR reports whether a standard assertion that has rules here must hold CBOR. C2PA 2.5, 16.
func wantsCBOR(base string) bool {
	if isActions(base) || isIngredient(base) || strings.HasPrefix(base, "c2pa.hash.") {
		return true
	}
	switch base {
	case labelSoftBinding, labelCloudData, labelExternalRef, labelTimeStamp, labelCertStatus:
		return true
	}
	return false
}

// wellFormed reads a standard assertion's content and returns the status code and text of what is wrong with it, or
// "". Assertions of others are not looked into. C2PA 2.5, 14.10.4.1.
func (v *validator) wellFormed(a *Assertion) (code, text string) {
	standard := strings.HasPrefix(a.Base, "c2pa.")
	switch {
	case a.ContentType == "cbor" && standard, wantsCBOR(a.Base):
		if a.ContentType != "cbor" {
			return "assertion.cbor.invalid", fmt.Sprintf("it holds %q and no CBOR", a.ContentType)
		}
		if _, err := v.treeOf(a); err != nil {
			return "assertion.cbor.invalid", err.Error()
		}
	case a.ContentType == "json" && standard, wantsJSON(a.Base):
		if a.ContentType != "json" {
			return "assertion.json.invalid", fmt.Sprintf("it holds %q and no JSON", a.ContentType)
		}
		if !json.Valid(a.Payload) {
			return "assertion.json.invalid", "the content is not JSON"
		}
	}
	return "", ""
}
