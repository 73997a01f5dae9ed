package render

import (
	"crypto/x509"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// CrJSON is a crJSON document: the specification's own view of a validated store, the exchange format with other tools.
// Nothing in it is invented to satisfy a schema: what cannot be read is absent. C2PA 2.5, crJSON.
type CrJSON struct {
	Context       map[string]string `json:"@context"`
	Manifests     []crManifest      `json:"manifests"` // active first, then the store's order reversed; empty: no store
	JSONGenerator crGenerator       `json:"jsonGenerator"`
}

type crGenerator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type crManifest struct {
	Label             string         `json:"label"`
	IsUpdateManifest  bool           `json:"isUpdateManifest,omitempty"`
	IsCompressed      bool           `json:"isCompressedManifest,omitempty"`
	Assertions        map[string]any `json:"assertions"`
	ClaimV1           map[string]any `json:"claim,omitempty"`
	ClaimV2           map[string]any `json:"claim.v2,omitempty"`
	Signature         crSignature    `json:"signature"`
	ValidationResults crResults      `json:"validationResults"`
	IngredientDeltas  []crDelta      `json:"ingredientDeltas,omitempty"`
}

type crSignature struct {
	Algorithm       string         `json:"algorithm,omitempty"`
	CertificateInfo *crCertificate `json:"certificateInfo,omitempty"`
	TimeStampInfo   *crStamp       `json:"timeStampInfo,omitempty"`
}

type crStamp struct {
	Timestamp       string         `json:"timestamp"`
	CertificateInfo *crCertificate `json:"certificateInfo"`
}

type crCertificate struct {
	SerialNumber string            `json:"serialNumber"`
	Issuer       map[string]string `json:"issuer"`
	Subject      map[string]string `json:"subject"`
	Validity     crValidity        `json:"validity"`
}

type crValidity struct {
	NotBefore string `json:"notBefore"`
	NotAfter  string `json:"notAfter"`
}

type crCodes struct {
	Success       []crStatus `json:"success"`
	Informational []crStatus `json:"informational"`
	Failure       []crStatus `json:"failure"`
}

type crResults struct {
	crCodes
	SpecVersion    string `json:"specVersion"`
	ValidationTime string `json:"validationTime"`
}

type crStatus struct {
	Code        string `json:"code"`
	URL         string `json:"url,omitempty"`
	ResourceURL string `json:"resourceUrl,omitempty"` // where the status speaks of something outside the store
	Explanation string `json:"explanation,omitempty"`
}

type crDelta struct {
	AssertionURI string  `json:"ingredientAssertionURI"`
	Deltas       crCodes `json:"validationDeltas"`
}

// crSpecVersion is the version of the specification that results are of, in the form that crJSON wants.
const crSpecVersion = "2.5.0"

// NewCrJSON makes the crJSON of a validation. A nil result stands for an asset without a store that was judged: the
// list of manifests is empty. Version is the tool's, at the validation time.
func NewCrJSON(res *manifest.Result, version string, at time.Time) *CrJSON {
	doc := &CrJSON{
		Context:       map[string]string{"@vocab": "https://c2pa.org/crjson/"},
		Manifests:     []crManifest{},
		JSONGenerator: crGenerator{"consentry", SemVer(version)},
	}
	if res == nil {
		return doc
	}
	b := newBudget()
	for _, m := range res.Manifests {
		doc.Manifests = append(doc.Manifests, newCrManifest(m, at, b))
	}
	return doc
}

func newCrManifest(m *manifest.ManifestResult, at time.Time, b *budget) crManifest {
	out := crManifest{
		Label: m.Label, IsUpdateManifest: m.Type == manifest.Update, IsCompressed: m.Compressed,
		Assertions: map[string]any{},
		Signature:  newCrSignature(m.Signature),
		ValidationResults: crResults{
			crCodes:     newCrCodes(m.Success, m.Informational, m.Failure),
			SpecVersion: crSpecVersion, ValidationTime: at.UTC().Format(time.RFC3339),
		},
	}
	for _, a := range m.Assertions {
		if a.ContentType != "" || a.Payload != nil { // it is there
			out.Assertions[a.Label] = b.view(a)
		}
	}
	if m.Claim != nil {
		switch m.Claim.Version {
		case 1:
			out.ClaimV1 = claimV1(m.Claim.Tree)
		case 2:
			out.ClaimV2 = claimV2(m.Claim.Tree)
		}
	}
	for _, d := range m.IngredientDeltas {
		out.IngredientDeltas = append(out.IngredientDeltas, crDelta{d.AssertionURI, newCrCodes(d.Success, d.Informational, d.Failure)})
	}
	return out
}

// maxViewItems bounds the CBOR items of all assertions that one document shows, as values and as text: each takes some
// hundred bytes on the way. It is what validation reads of a store too; real stores have some ten thousand.
const maxViewItems = 1 << 21

// budget is what is left of that bound.
type budget struct{ items int }

func newBudget() *budget { return &budget{maxViewItems} }

// parse reads CBOR as long as the bound is not reached.
func (b *budget) parse(data []byte) (cbortree.Value, error) {
	v, used, err := cbortree.ParseMax(data, b.items)
	b.items -= used
	return v, err
}

// view is an assertion as crJSON shows it: CBOR and JSON as values, files by their type, and {} for what cannot be
// decoded or is past the bound.
func (b *budget) view(a *manifest.Assertion) any {
	switch a.ContentType {
	case "cbor":
		if v, err := b.parse(a.Payload); err == nil {
			return v.JSON()
		}
	case "json":
		if json.Valid(a.Payload) {
			return json.RawMessage(a.Payload)
		}
	case "embedded":
		view := map[string]any{}
		if a.MediaType != "" {
			view["mimeType"] = a.MediaType
		}
		switch {
		case strings.HasPrefix(a.Base, "c2pa.thumbnail.claim"):
			view["thumbnailType"] = 0
		case strings.HasPrefix(a.Base, "c2pa.thumbnail.ingredient"):
			view["thumbnailType"] = 1
		}
		return view
	}
	return map[string]any{}
}

// newCrCodes takes the codes that C2PA knows: a crJSON document carries no others.
func newCrCodes(success, informational, failure []report.Finding) crCodes {
	return crCodes{statuses(success), statuses(informational), statuses(failure)}
}

func statuses(list []report.Finding) []crStatus {
	out := []crStatus{}
	for _, f := range list {
		row, ok := report.Lookup(f.Code)
		if !ok || ownCode(f.Code) {
			continue
		}
		s := crStatus{Code: f.Code, Explanation: f.Explanation}
		if s.Explanation == "" {
			s.Explanation = row.Title
		}
		if strings.HasPrefix(f.URL, "self#jumbf=") {
			s.URL = f.URL
		} else {
			s.ResourceURL = f.URL
		}
		out = append(out, s)
	}
	return out
}

func ownCode(code string) bool {
	for _, prefix := range []string{"consent.", "asset.", "trust.", "label.", "watermark.", "softBinding.", "fingerprint."} {
		if strings.HasPrefix(code, prefix) {
			return true
		}
	}
	return false
}

func newCrSignature(s *signing.Result) crSignature {
	if s == nil || s.Algorithm == "" || len(s.Chain) == 0 {
		return crSignature{}
	}
	out := crSignature{Algorithm: s.Algorithm, CertificateInfo: newCrCertificate(s.Chain[0])}
	if st := s.Stamp; st != nil && !st.Time.IsZero() && st.Certificate != nil {
		out.TimeStampInfo = &crStamp{st.Time.UTC().Format(time.RFC3339), newCrCertificate(st.Certificate)}
	}
	return out
}

func newCrCertificate(c *x509.Certificate) *crCertificate {
	return &crCertificate{
		SerialNumber: c.SerialNumber.String(),
		Issuer:       distinguishedName(c.Issuer.Names),
		Subject:      distinguishedName(c.Subject.Names),
		Validity:     crValidity{c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339)},
	}
}

var (
	semVerForm = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	})
	notSemVer = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^0-9A-Za-z-]+`) })
)

// SemVer writes a version in the form of semver.org, as crJSON wants it: one that has another form, such as a commit,
// becomes build metadata of 0.0.0.
func SemVer(version string) string {
	v := strings.TrimPrefix(version, "v")
	if semVerForm().MatchString(v) {
		return v
	}
	if build := strings.Trim(notSemVer().ReplaceAllString(version, "-"), "-"); build != "" {
		return "0.0.0+" + build
	}
	return "0.0.0"
}
