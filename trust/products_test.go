package trust_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"strings"
	"testing"

	"github.com/consentry/consentry/trust"
)

// record is a record of the official list.
func record(id, name, unit string, edit func(map[string]any)) map[string]any {
	r := map[string]any{
		"recordId": id, "status": "conformant",
		"product": map[string]any{
			"productType": "generatorProduct", "DN": map[string]any{"CN": name, "O": "Example", "OU": unit, "C": "DE"},
			"assurance": map[string]any{"maxAssuranceLevel": 1}, "disallowedSignals": map[string]any{"inception": []string{"capturedMedia"}},
		},
		"containers": map[string]any{"generate": map[string]any{"video": []string{"video/mp4"}, "image": []string{"image/png"}}},
		"dates":      map[string]any{"conformance": "2026-01-01", "lastModification": "2026-02-01"},
	}
	if edit != nil {
		edit(r)
	}
	return r
}

func products(t testing.TB, records ...map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	idA = "0197aa34-665b-7811-9bbc-317cfd988d0a"
	idB = "0197aa34-665b-7811-9bbc-317cfd988d0b"
	idC = "0197aa34-665b-7811-9bbc-317cfd988d0c"
)

// named is a certificate of a subject that names a record; nil: none.
func named(cn, unit string, value any) *x509.Certificate {
	c := &x509.Certificate{Subject: pkix.Name{CommonName: cn, Organization: []string{"Example"}, Country: []string{"DE"}}}
	if unit != "" {
		c.Subject.OrganizationalUnit = []string{unit}
	}
	if value != nil {
		raw, ok := value.([]byte)
		if !ok {
			raw, _ = asn1.MarshalWithParams(value, "utf8")
		}
		c.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 4}, Value: raw}}
	}
	return c
}

func TestProductOfACertificate(t *testing.T) {
	list, err := trust.ParseProducts(products(t,
		record(idA, "Camera", "", nil), record(idB, "Editor", "Phone", nil), record(idC, "Editor", "Phone", nil),
		record(idC[:35]+"d", "Viewer", "", func(r map[string]any) { r["product"].(map[string]any)["productType"] = "validatorProduct" }),
	), trust.Source{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Products) != 3 || list.Changed() != "2026-02-01" || strings.Join(list.Products[0].Containers, " ") != "image/png video/mp4" {
		t.Fatalf("%+v", list)
	}
	for _, c := range []struct {
		name   string
		cert   *x509.Certificate
		id     string // of the product; empty: none
		record string
	}{
		{"by its record", named("Another name", "", idB), idB, idB},
		{"by its record in capitals", named("x", "", strings.ToUpper(idA)), idA, idA},
		{"a record that is not listed", named("Camera", "", idC[:35]+"e"), "", idC[:35] + "e"},
		{"a record that is none counts as none", named("Camera", "", "short"), idA, ""},
		{"a record of another type counts as none", named("Camera", "", []byte{5, 0}), idA, ""},
		{"by its name", named("Camera", "", nil), idA, ""},
		{"by a name that two have", named("Editor", "Phone", nil), "", ""},
		{"by a name with another unit", named("Camera", "Phone", nil), "", ""},
		{"by a name that nobody has", named("Scanner", "", nil), "", ""},
		{"a validator signs nothing", named("Viewer", "", nil), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, record := list.Of(c.cert)
			if record != c.record || (p == nil) != (c.id == "") || p != nil && p.ID != c.id {
				t.Errorf("%+v, record %q", p, record)
			}
		})
	}
}

func TestProductsThatCannotBeRead(t *testing.T) {
	many := make([]map[string]any, 4097)
	for i := range many {
		many[i] = record(idA, "x", "", nil)
	}
	for name, data := range map[string][]byte{
		"no list": []byte("{}"), "an empty list": []byte("[]"), "no JSON": []byte("x"), "too many": products(t, many...),
		"a record twice":             products(t, record(idA, "a", "", nil), record(idA, "b", "", nil)),
		"a record without a name":    products(t, record(idA, "", "", nil)),
		"a record without a status":  products(t, record(idA, "a", "", func(r map[string]any) { delete(r, "status") })),
		"a list larger than a limit": append(products(t, record(idA, "a", "", nil)), strings.Repeat(" ", trust.MaxList)...),
	} {
		if p, err := trust.ParseProducts(data, trust.Source{}); err == nil || p != nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestEmbeddedProducts(t *testing.T) {
	list, err := (&trust.Set{}).Products()
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Products) < 100 || list.Source.SHA256 == "" || list.Source.Licence == "" || list.Updated {
		t.Errorf("%d products, %+v", len(list.Products), list.Source)
	}
	for _, p := range list.Products {
		if p.ID == "" || p.Name == "" || p.Status != trust.Conforming || list.Find(p.ID).Name != p.Name {
			t.Errorf("%+v", p)
		}
	}
}

// FuzzParseProducts: what is read writes itself, and reads as the same again.
func FuzzParseProducts(f *testing.F) {
	for _, s := range [][]byte{{}, []byte("[]"), []byte("[{}]"), products(f, record(idA, "a", "", nil)), products(f, record(idA, "\u202e", "u", nil), record(idB, "b", "", nil))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := trust.ParseProducts(data, trust.Source{Path: "x"})
		if err != nil {
			return
		}
		text, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		b := &trust.Bundle{}
		if err := b.Add(trust.ProductsFile, text); err != nil && len(p.Products) > 0 {
			t.Fatalf("%v: %s", err, text)
		}
	})
}
