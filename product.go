package consentry

import (
	"slices"
	"strings"

	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
	"github.com/consentry/consentry/trust"
)

// mediaTypes are the media types that the list of conforming products has for the containers of files, and for their
// families. A container that is not here is not held against it.
var mediaTypes = map[string][]string{
	"mp4": {"video/mp4", "audio/mp4", "video/x-bmff-based"}, "mov": {"video/quicktime", "video/x-bmff-based"},
	"m4a": {"audio/mp4", "audio/aac"}, "m4v": {"video/mp4", "video/x-bmff-based"},
	"avi": {"video/x-msvideo", "video/x-riff-based"}, "wav": {"audio/wav", "audio/x-riff-based"}, "rf64": {"audio/wav", "audio/x-riff-based"},
	"mp3": {"audio/mpeg", "audio/MPA"}, "flac": {"audio/flac"},
	"jpeg": {"image/jpeg"}, "png": {"image/png"}, "webp": {"image/webp", "image/x-riff-based"}, "gif": {"image/gif"},
	"heif": {"image/heif", "image/heic", "image/heif-sequence", "image/heic-sequence"}, "avif": {"image/avif"},
}

// inceptions are the signals of how a picture came to be, by the digital source type of c2pa.created. Signals rubric of
// the conformance programme, 2026-08.
var inceptions = map[string]string{
	"digitalCapture": "capturedMedia", "computationalCapture": "capturedMedia", "compositeCapture": "capturedMediaStitched",
	"digitalCreation": "nonGenAIDigitalCreation",
}

const iptcTerms = "http://cv.iptc.org/newscodes/digitalsourcetype/"

// fillProduct says which product the certificate was given to, and holds the file against what the list of conforming
// products says of it. None of it changes the state of the manifest: the list is the programme's, and no part of C2PA
// 2.5, 14.
func (r *run) fillProduct(m *manifest.ManifestResult, s *signing.Result) {
	if r.v.Products == nil || !s.Trusted || s.List == nil || s.List.Name != trust.ProductsList || len(s.Chain) == 0 {
		return
	}
	products, err := r.v.Products()
	if err != nil {
		r.notChecked("conforming product", err.Error())
		return
	}
	out := &r.out.Provenance.Signer
	p, record := products.Of(s.Chain[0])
	if record != "" {
		out.ProductRecord = &record
	}
	if p == nil {
		if record != "" {
			r.find(report.Newf("trust.productUnknown", "", "the certificate was given to the record %q, which the list of %s lacks", record, products.Changed()))
		}
		return
	}
	name := p.Name
	if p.Organization != "" {
		name += ", " + p.Organization
	}
	out.Product, out.ProductRecord, out.ProductStatus = &name, &p.ID, &p.Status
	if p.Status != trust.Conforming {
		r.find(report.Newf("trust.productWithdrawn", "", "%q is listed as %s", name, strings.ReplaceAll(p.Status, "_", " ")))
	}
	if types := mediaTypes[r.out.Asset.Format]; len(p.Containers) > 0 && types != nil &&
		!slices.ContainsFunc(types, func(t string) bool { return slices.Contains(p.Containers, t) }) {
		r.find(report.Newf("trust.productContainer", "", "%q is listed for %s, and this is %s", name, strings.Join(p.Containers, ", "), r.out.Asset.Format))
	}
	for _, a := range m.Actions {
		term, ok := strings.CutPrefix(a.DigitalSourceType, iptcTerms)
		if signal := inceptions[term]; ok && a.Action == "c2pa.created" && slices.Contains(p.Disallowed, signal) {
			r.find(report.Newf("trust.productSignal", a.Assertion, "%q may not say %s, and says %s", name, signal, term))
			break
		}
	}
}
