// Package tests renders the Helm chart with Helm's own engine and checks what comes out. It is a module of its
// own, so that Kubernetes' libraries stay out of the service's. Helm's action package is left out on purpose:
// it would nearly double the packages to compile and adds only the talk with a cluster.
package tests

import (
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// The chart, through a link: go test reuses an earlier pass unless a file that the test opened inside its own
// module has changed, and a link counts as inside. Without it a broken chart would pass from the cache.
const chartDir = "testdata/pendopo"

// Helm logs every link that it follows and every value that a bare lint misses.
func init() { log.SetOutput(io.Discard) }

// strict refuses unknown and repeated fields and wrong types, as an API server does.
var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// release is one rendered installation: its objects by kind, and the notes.
type release struct {
	objects map[string][]metav1.Object
	notes   string
}

func load(t testing.TB) *chart.Chart {
	t.Helper()
	c, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func data[T any](t testing.TB, file string) (out T) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err == nil {
		err = yaml.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// values returns the named set with some top-level values, given as YAML, replaced or merged.
func values(t testing.TB, set, extra string) map[string]any {
	t.Helper()
	over := map[string]any{}
	if err := yaml.Unmarshal([]byte(extra), &over); err != nil {
		t.Fatal(err)
	}
	return chartutil.CoalesceTables(over, data[map[string]map[string]any](t, "sets.yaml")[set])
}

// render validates the values by the schema, renders, and decodes every document strictly.
func render(t testing.TB, name string, values map[string]any) (release, error) {
	t.Helper()
	out, c := release{objects: map[string][]metav1.Object{}}, load(t)
	v, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{Name: name, Namespace: "mpp"}, nil)
	if err != nil {
		return out, err
	}
	files, err := engine.Render(c, v)
	for file, text := range files {
		if strings.HasSuffix(file, "NOTES.txt") {
			out.notes = text
		} else if strings.Contains(text, "\n---") {
			return out, fmt.Errorf("%s: one object a file, or the second goes unchecked", file)
		} else if strings.TrimSpace(text) != "" {
			object, kind, err := strict.Decode([]byte(text), nil, nil)
			if err != nil {
				return out, fmt.Errorf("%s: %w\n%s", file, err, text)
			}
			out.objects[kind.Kind] = append(out.objects[kind.Kind], object.(metav1.Object))
		}
	}
	return out, err
}

func must(t testing.TB, set, extra string) release {
	t.Helper()
	r, err := render(t, "mall", values(t, set, extra))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func each(t *testing.T, check func(t *testing.T, r release)) {
	for set := range data[map[string]any](t, "sets.yaml") {
		t.Run(set, func(t *testing.T) { check(t, must(t, set, "")) })
	}
}

// one returns the release's object of type T, or nil when there is none.
func one[T metav1.Object](r release) (found T) {
	for _, list := range r.objects {
		if x, ok := list[0].(T); ok {
			return x
		}
	}
	return found
}

// pods returns the pod templates by the name of their container.
func pods(r release) map[string]corev1.PodTemplateSpec {
	out := map[string]corev1.PodTemplateSpec{"pendopo": one[*appsv1.Deployment](r).Spec.Template}
	if job := one[*batchv1.Job](r); job != nil {
		out["migrate"] = job.Spec.Template
	}
	return out
}
