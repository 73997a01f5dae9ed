package consentry_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/trust"
)

const cameraRecord = "0197aa34-665b-7811-9bbc-317cfd988d0a"

// given is a signer whose certificate was given to the product of a record.
func given(record string) forge.Signer {
	return forge.Signer{Cert: func(c *x509.Certificate) {
		value, err := asn1.MarshalWithParams(record, "utf8")
		if err != nil {
			panic(err)
		}
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 4}, Value: value})
	}}
}

func TestProducts(t *testing.T) {
	camera := trust.Product{ID: cameraRecord, Name: "Camera", Organization: "Example", Status: trust.Conforming, Containers: []string{"video/mp4"}, Changed: "2026-01-01"}
	edit := func(change func(*trust.Product)) trust.Product {
		p := camera
		change(&p)
		return p
	}
	captured := []forge.Action{{Name: "c2pa.created", Source: "digitalCapture"}}
	for _, c := range []struct {
		name    string
		list    string // that trusts the signer
		record  string
		product trust.Product
		actions []forge.Action
		status  string
		code    string // empty: none about products
	}{
		{"a product that conforms", trust.ProductsList, cameraRecord, camera, nil, trust.Conforming, ""},
		{"a product that may say what it says", trust.ProductsList, cameraRecord, camera, captured, trust.Conforming, ""},
		{"a product that was withdrawn", trust.ProductsList, cameraRecord, edit(func(p *trust.Product) { p.Status = "revoked_vulnerability" }), nil, "revoked_vulnerability", "trust.productWithdrawn"},
		{"another kind of file", trust.ProductsList, cameraRecord, edit(func(p *trust.Product) { p.Containers = []string{"image/jpeg"} }), nil, trust.Conforming, "trust.productContainer"},
		{"a family of files", trust.ProductsList, cameraRecord, edit(func(p *trust.Product) { p.Containers = []string{"video/x-bmff-based"} }), nil, trust.Conforming, ""},
		{"a product that is listed for no kind of file", trust.ProductsList, cameraRecord, edit(func(p *trust.Product) { p.Containers = nil }), nil, trust.Conforming, ""},
		{"a signal that it may not give", trust.ProductsList, cameraRecord, edit(func(p *trust.Product) { p.Disallowed = []string{"capturedMedia"} }), captured, trust.Conforming, "trust.productSignal"},
		{"another signal than the one that it may not give", trust.ProductsList, cameraRecord, edit(func(p *trust.Product) { p.Disallowed = []string{"capturedMediaStitched"} }), captured, trust.Conforming, ""},
		{"a record that is not listed", trust.ProductsList, cameraRecord[:35] + "b", camera, nil, "", "trust.productUnknown"},
		{"a signer on another list", "forge", cameraRecord, edit(func(p *trust.Product) { p.Status = "revoked" }), nil, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := trusting(t)
			v.Trust.Claim[0].Name = c.list
			v.Products = func() (*trust.Products, error) { return &trust.Products{Products: []trust.Product{c.product}}, nil }
			r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: given(c.record), Actions: c.actions}}).Data))
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			s := r.Provenance.Signer
			if s.State != "trusted" || (s.Product != nil) != (c.status != "") || s.Product != nil && (*s.Product != "Camera, Example" || *s.ProductStatus != c.status || *s.ProductRecord != cameraRecord) {
				t.Errorf("%+v", s)
			}
			for _, f := range r.Findings {
				if strings.HasPrefix(f.Code, "trust.product") && f.Code != c.code {
					t.Errorf("%s: %s", f.Code, f.Explanation)
				}
			}
			if c.code != "" && !report.Has(r.Findings, c.code) {
				t.Errorf("%s is not given", c.code)
			}
			if *r.Provenance.State != "trusted" {
				t.Errorf("state %s: the list of products settles no state", *r.Provenance.State)
			}
		})
	}
	t.Run("a list that cannot be read is said not to be checked", func(t *testing.T) {
		v := trusting(t)
		v.Trust.Claim[0].Name = trust.ProductsList
		v.Products = func() (*trust.Products, error) { return nil, errors.New("broken") }
		if r := verify(t, v, asset(forge.Make(forge.Recipe{}).Data)); !unchecked(r, "conforming product", "broken") {
			t.Errorf("%v", r.NotChecked)
		}
	})
}
