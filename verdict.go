package consentry

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// sidecarWhere is the place of findings of package consent about the consent sidecar.
const sidecarWhere = "sidecar"

// judge decides origin, consent and verdict from the facts.
func (r *run) judge(ctx context.Context) error {
	p := r.v.Policy
	if p == nil {
		var err error
		if p, err = policy.Load(policy.Default, nil); err != nil {
			return fmt.Errorf("the default policy: %w", err)
		}
	}
	f := r.facts()
	asked, err := r.assetDigest(ctx, f)
	if err != nil {
		return err
	}
	trust, err := r.fetchReferences(ctx, f)
	if err != nil {
		return err
	}
	if !asked { // a token that came may be the first that wants it
		if _, err := r.assetDigest(ctx, f); err != nil {
			return err
		}
	}
	j := judgeFacts(f, trust, p, r.signerLists())
	r.out.Verdict, r.out.Reasons, r.out.Origin = j.Verdict, j.Reasons, j.Origin
	r.out.People, r.out.Works = people(j.Judgement.People), people(j.Judgement.Works)
	r.markSeen()
	for _, f := range j.Judgement.Findings {
		if name := r.besideName(sidecarSuffix); f.Where == sidecarWhere && name != "" {
			f.Where += name
		}
		r.out.Findings = append(r.out.Findings, f)
	}
	r.markClashes()
	r.out.Findings = append(r.out.Findings, r.clashes(j.Origin)...)
	r.out.Verdict, r.out.Reasons = p.Apply(r.out) // last: a rule may ask for anything in the report
	return nil
}

// assetDigest puts the digest of the file into the facts where a declaration or a token is bound by it; it says whether
// one is.
func (r *run) assetDigest(ctx context.Context, f *consent.Facts) (asked bool, err error) {
	switch {
	case !consent.WantsAssetDigest(f):
		return false, nil
	case len(r.asset.Parts) > 0:
		// The digest of one file says nothing of the others.
		r.notChecked("digest of the asset", "a declaration is bound by the digest of a file, and this asset is a set of files")
		return true, nil
	}
	sum, err := r.digest(ctx)
	if err != nil {
		return true, err
	}
	f.AssetSHA256 = base64.RawURLEncoding.EncodeToString(sum)
	r.out.Asset.SHA256 = hexDigest(sum)
	return true, nil
}

// signerLists are the lists that the signer and the time-stamp of the active manifest were found on, where they say
// when they were issued.
func (r *run) signerLists() []policy.List {
	if r.result == nil || r.result.Active == nil || r.result.Active.Signature == nil {
		return nil
	}
	s := r.result.Active.Signature
	var out []policy.List
	add := func(l *signing.List) {
		if l != nil && !l.Issued.IsZero() {
			out = append(out, policy.List{Name: "the trust list " + l.Name, Issued: l.Issued})
		}
	}
	if s.Trusted {
		add(s.List)
	}
	if s.Stamp != nil && s.Stamp.Trusted {
		add(s.Stamp.List)
	}
	return out
}

// digest is the SHA-256 of the whole file, which only sidecars and clearances of whole files name.
func (r *run) digest(ctx context.Context) ([]byte, error) {
	h, buf := sha256.New(), make([]byte, 1<<20)
	in := io.NewSectionReader(r.asset.Data, 0, r.asset.Size)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := in.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return h.Sum(nil), nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the file: %w", err)
		}
	}
}

func people(list []report.Person) []report.Person {
	if list == nil {
		return []report.Person{}
	}
	return list
}
