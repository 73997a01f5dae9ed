package manifest

import (
	"fmt"
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// What a manifest carries as evidence for the signatures of others: time-stamps, and responses about certificates. Both
// prove themselves, by who signed them and over what, so it does not matter whose manifest brings them.

// readStamps collects the time-stamp tokens that a manifest carries for others. C2PA 2.5, 16.7.2.
func (v *validator) readStamps(w *work) {
	for _, a := range w.r.AssertionsOf(labelTimeStamp) {
		if !a.Created && !a.Gathered {
			continue
		}
		t, err := v.treeOf(a)
		if err != nil || t.Kind != cbortree.Map {
			continue // said by others
		}
		for i := 0; i+1 < len(t.Items); i += 2 {
			if k := t.Items[i].Str(); k != "" && t.Items[i+1].Kind == cbortree.Bytes {
				v.stamps[k] = append(v.stamps[k], t.Items[i+1].Data)
			}
		}
	}
}

// stampsFor returns the tokens for a manifest. The specification's grammar for the keys lacks the parts of a label
// behind the UUID, so a key may be the label without them.
func (v *validator) stampsFor(w *work) [][]byte {
	label := w.m.Label
	list := v.stamps[label]
	if parts := strings.SplitN(label, ":", 4); list == nil && len(parts) == 4 {
		list = v.stamps[strings.Join(parts[:3], ":")]
	}
	// A key that lacks the parts behind the UUID stands for every manifest with that UUID: what all of them try is
	// bounded by what there is.
	for _, token := range list {
		if v.stamping -= int64(len(token)); v.stamping < 0 {
			v.limit("bytes of time-stamps to try, eight times what the store holds,", v.hashable, w.m.URI())
			return nil
		}
	}
	return list
}

// maxStatus is how many responses about certificates are read of all assertions of a store: an assertion has one for
// each certificate of a chain of at most four, and a store has few updates that bring one.
const maxStatus = 64

// readStatus collects the responses about certificates that a manifest carries, its own signer's or another's.
//
//	certificate-status-map = { "ocspVals": [1* bstr] }
//
// C2PA 2.5, 16.7.3; 14.9. A response that cannot be read is as if it were not there.
func (v *validator) readStatus(w *work) {
	unread := func(a *Assertion, format string, args ...any) {
		if len(v.unread) < maxStatus {
			v.unread = append(v.unread, report.NotChecked{What: a.URI, Why: fmt.Sprintf(format, args...)})
		}
	}
	seen := false
	for _, a := range w.r.AssertionsOf(labelCertStatus) {
		if !a.Created && !a.Gathered {
			continue
		}
		t, err := v.treeOf(a)
		if err != nil {
			continue // said by others
		}
		list := t.Get("ocspVals")
		switch {
		case seen:
			unread(a, "a manifest has one certificate status; this is a further one")
			continue
		case t.Kind != cbortree.Map || len(list.List()) == 0:
			unread(a, "it has to be a map with responses in ocspVals")
		}
		seen = true
		for _, item := range list.List() {
			if len(v.status) == maxStatus {
				unread(a, "more than %d responses about certificates in the store", maxStatus)
				v.cut = true
				break
			}
			if item.Kind != cbortree.Bytes {
				unread(a, "ocspVals holds something else than byte strings")
				continue
			}
			o, err := signing.ParseOCSP(item.Data)
			if err != nil {
				unread(a, "%v", err)
				continue
			}
			v.status = append(v.status, o)
		}
	}
}
