package forge_test

import (
	"os"
	"testing"

	"github.com/consentry/consentry/internal/forge"
)

func TestZZDump(t *testing.T) {
	dir := os.Getenv("FORGE_DUMP")
	if dir == "" {
		t.Skip()
	}
	w := func(n string, b []byte) {
		if err := os.WriteFile(dir+"/"+n, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w("zero.mp4", forge.Make(forge.Recipe{}).Data)
	for _, alg := range forge.Algorithms {
		w(alg+".mp4", forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Alg: alg}}}).Data)
	}
	w("tst1.mp4", forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Stamps: []forge.Stamp{{}}}}}).Data)
	w("tst2.mp4", forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: true}}}).Data)
	w("v1.mp4", forge.Make(forge.Recipe{Manifest: forge.Manifest{ClaimV1: true, Binding: "c2pa.hash.bmff.v2", ActionsV1: true}}).Data)
	p := &forge.Manifest{}
	w("parent.mp4", forge.Make(forge.Recipe{Manifest: forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: p}}, Actions: []forge.Action{{Name: "c2pa.opened", Ingredient: []int{0}}}}}).Data)
	w("update.mp4", forge.Make(forge.Recipe{Manifest: forge.Manifest{Update: true, Ingredients: []forge.Ingredient{{Manifest: p}}}}).Data)
	w("updatebox.mp4", forge.Make(forge.Recipe{UpdateBox: true, Manifest: forge.Manifest{Update: true, Ingredients: []forge.Ingredient{{Manifest: p}}}}).Data)
	w("last.mp4", forge.Make(forge.Recipe{Container: forge.Container{MoovLast: true, LargeMdat: true, CO64: true, Brand: "qt  "}}).Data)
	w("root.pem", forge.ChainPEM(forge.CA().Root.Cert, forge.TSA().Root.Cert))
}
