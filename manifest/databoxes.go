package manifest

import "github.com/consentry/consentry/internal/jumbf"

// DataBox is data that lie beside the assertions and are named by their digest, as a prompt did before there were
// assertions for such data. C2PA 2.5, App. G (deprecated since 2.2).
type DataBox struct {
	Label  string
	Format string   // media type, as written; empty: the box cannot be read
	Types  []string // of the data, as written
	Size   int      // bytes of the data
	// Named says that an assertion that is as it was signed names it by the digest that it has: else nobody signed it.
	Named bool
}

// readDataBoxes reads the data boxes of a manifest.
//
//	data-box-map = { dc:format: tstr, data: bstr, ? data_types: [1* { type: tstr, … }] }
//
// C2PA 2.5, App. G.
func (v *validator) readDataBoxes(w *work) {
	w.data = map[*jumbf.Box]*DataBox{}
	for _, store := range w.m.child(typeDataBoxes) {
		for _, b := range store.Children {
			if b.Description == nil {
				continue
			}
			if !v.count(1, w.m) {
				return
			}
			d := &DataBox{Label: b.Label()}
			w.r.DataBoxes, w.data[b] = append(w.r.DataBoxes, d), d
			a := newAssertion(w.m, b)
			if a.ContentType != "cbor" {
				continue
			}
			t, err := v.tree(a.Payload)
			if err != nil {
				continue // nothing rests on it; a reference to it is held against its bytes
			}
			d.Format, d.Size = t.Get("dc:format").Str(), len(t.Get("data").Data)
			for _, x := range t.Get("data_types").List() {
				d.Types = append(d.Types, x.Get("type").Str())
			}
		}
	}
}

// named notes that a data box of a manifest is what a reference says.
func (w *work) named(b *jumbf.Box) {
	if d := w.data[b]; d != nil {
		d.Named = true
	}
}
