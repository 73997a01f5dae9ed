package trust

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ProductsFile is the file of conforming products among the lists.
const ProductsFile = "products.json"

// ProductsList is the trust list whose signers the list of conforming products speaks of: its authorities give a
// certificate to a product that is on it. Certificate Policy v0.2.
const ProductsList = "c2pa"

// Products is the list of the generators that C2PA's conformance programme found to conform.
type Products struct {
	Updated  bool      `json:"updated,omitempty"` // taken by the operator; not carried by the binary
	Source   Source    `json:"source"`
	Products []Product `json:"products"`
}

// Product is a generator on that list.
type Product struct {
	ID           string   `json:"id"` // of its record
	Name         string   `json:"name"`
	Organization string   `json:"organization"`
	Unit         string   `json:"unit,omitempty"`
	Country      string   `json:"country,omitempty"`
	Status       string   `json:"status"`               // conformant, revoked, revoked_eol, revoked_vulnerability
	Containers   []string `json:"containers,omitempty"` // media types that it signs; none: the list does not say
	Disallowed   []string `json:"disallowed,omitempty"` // inception signals that it may not give
	Level        int      `json:"level,omitempty"`      // the highest level of assurance
	Since        string   `json:"since"`                // date of conformance, YYYY-MM-DD
	Changed      string   `json:"changed"`              // date of the record's last change
}

// Conforming is the status of a product that stands.
const Conforming = "conformant"

// productRecord is what is read of a record. The list's schema is schemas/conforming-products of its repository.
type productRecord struct {
	RecordID string `json:"recordId"`
	Status   string `json:"status"`
	Product  struct {
		Type      string                        `json:"productType"`
		DN        struct{ CN, O, OU, C string } `json:"DN"`
		Assurance struct {
			Level int `json:"maxAssuranceLevel"`
		} `json:"assurance"`
		Disallowed struct {
			Inception []string `json:"inception"`
		} `json:"disallowedSignals"`
	} `json:"product"`
	Containers struct {
		Generate map[string][]string `json:"generate"`
	} `json:"containers"`
	Dates struct {
		Conformance string `json:"conformance"`
		Changed     string `json:"lastModification"`
	} `json:"dates"`
}

// ParseProducts reads the list as its publisher offers it. Validators are left out: they sign nothing.
func ParseProducts(data []byte, from Source) (*Products, error) {
	if len(data) > MaxList {
		return nil, fmt.Errorf("more than %d bytes", MaxList)
	}
	var records []productRecord
	if err := json.Unmarshal(data, &records); err != nil {
		return nil, err
	}
	if len(records) == 0 || len(records) > maxEntries {
		return nil, fmt.Errorf("%d records, where 1 to %d are wanted", len(records), maxEntries)
	}
	out := &Products{Source: from}
	seen := map[string]bool{}
	for _, r := range records {
		if r.RecordID == "" || r.Status == "" || r.Product.DN.CN == "" || seen[r.RecordID] {
			return nil, fmt.Errorf("record %q lacks its name or status, or is there twice", r.RecordID)
		}
		seen[r.RecordID] = true
		if r.Product.Type != "generatorProduct" {
			continue
		}
		p := Product{
			ID: r.RecordID, Name: r.Product.DN.CN, Organization: r.Product.DN.O, Unit: r.Product.DN.OU, Country: r.Product.DN.C,
			Status: r.Status, Disallowed: r.Product.Disallowed.Inception, Level: r.Product.Assurance.Level,
			Since: r.Dates.Conformance, Changed: r.Dates.Changed,
		}
		for _, types := range r.Containers.Generate {
			p.Containers = append(p.Containers, types...)
		}
		slices.Sort(p.Containers)
		out.Products = append(out.Products, p)
	}
	return out, nil
}

// Marshal is the list in the form in which it is embedded: a line a product.
func (p *Products) Marshal() ([]byte, error) {
	var b bytes.Buffer
	source, err := json.Marshal(p.Source)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "{\"source\":%s,\n\"products\":[", source)
	for i, one := range p.Products {
		line, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(line)
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

// readProducts reads the form that Marshal writes.
func readProducts(data []byte) (*Products, error) {
	p := &Products{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("%s: %w", ProductsFile, err)
	}
	return p, nil
}

// Changed is the date of the last change of any record, which the list as a whole does not give.
func (p *Products) Changed() string {
	last := ""
	for i := range p.Products {
		last = max(last, p.Products[i].Changed)
	}
	return last
}

// Find returns the product of a record, or nil.
func (p *Products) Find(id string) *Product {
	for i := range p.Products {
		if p.Products[i].ID == id {
			return &p.Products[i]
		}
	}
	return nil
}

// oidRecord is c2pa-cpl-record: the record of the product that a certificate was given to. Certificate Policy v0.2.
var oidRecord = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 4}

// Record is the product's record that a certificate names; empty: none.
func Record(c *x509.Certificate) string {
	for _, e := range c.Extensions {
		if !e.Id.Equal(oidRecord) {
			continue
		}
		var id string
		if rest, err := asn1.UnmarshalWithParams(e.Value, &id, "utf8"); err == nil && len(rest) == 0 && len(id) == 36 {
			return strings.ToLower(id)
		}
	}
	return ""
}

// Of returns the product that a certificate was given to, and the record that it names: by that record, else by the
// subject, where one product alone has that name. Only a certificate under an anchor of [ProductsList] says so
// truthfully, which the caller has to know.
func (p *Products) Of(c *x509.Certificate) (product *Product, record string) {
	if record = Record(c); record != "" {
		return p.Find(record), record
	}
	unit, country, org := one(c.Subject.OrganizationalUnit), one(c.Subject.Country), one(c.Subject.Organization)
	for i := range p.Products {
		x := &p.Products[i]
		if x.Name != c.Subject.CommonName || x.Organization != org || x.Unit != unit || x.Country != country {
			continue
		}
		if product != nil {
			return nil, ""
		}
		product = x
	}
	return product, ""
}

func one(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return ""
}
