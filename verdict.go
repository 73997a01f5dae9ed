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
)

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
	if consent.WantsAssetDigest(f) {
		sum, err := r.digest(ctx)
		if err != nil {
			return err
		}
		f.AssetSHA256 = base64.RawURLEncoding.EncodeToString(sum)
		r.out.Asset.SHA256 = hexDigest(sum)
	}
	j := JudgeFacts(f, r.v.Consent, p)
	r.out.Verdict, r.out.Reasons, r.out.Origin = j.Verdict, j.Reasons, j.Origin
	r.out.People, r.out.Works = people(j.Judgement.People), people(j.Judgement.Works)
	r.out.Findings = append(r.out.Findings, j.Judgement.Findings...)
	return nil
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
