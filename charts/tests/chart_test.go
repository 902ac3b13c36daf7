package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	node "go.yaml.in/yaml/v3"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestLint(t *testing.T) {
	sets := data[map[string]map[string]any](t, "sets.yaml")
	sets["bare"] = map[string]any{}
	for name, values := range sets {
		for _, m := range lint.AllWithKubeVersion(chartDir, values, "mpp", nil).Messages {
			if m.Severity >= support.WarningSev {
				t.Errorf("%s: %v", name, m)
			}
		}
	}
}

func TestWhichObjects(t *testing.T) {
	// How often each kind is there: by default, and where a set of values changes it.
	usual := map[string]int{"ConfigMap": 1, "Deployment": 1, "Job": 1, "PodDisruptionBudget": 1, "Secret": 2, "Service": 1, "ServiceAccount": 1, "Ingress": 1}
	change := map[string]map[string]int{
		"external secret": {"Secret": 0}, "two secrets": {"Secret": 0}, "external database only": {"Secret": 1}, "ingress off": {"Ingress": 0},
		"hpa": {"HorizontalPodAutoscaler": 1}, "no migration": {"Job": 0, "Secret": 1},
		"everything": {"HorizontalPodAutoscaler": 1, "NetworkPolicy": 1},
	}
	for name := range data[map[string]any](t, "sets.yaml") {
		r, want, got := must(t, name, ""), maps.Clone(usual), map[string]int{}
		maps.Copy(want, change[name])
		maps.DeleteFunc(want, func(_ string, n int) bool { return n == 0 })
		for kind, list := range r.objects {
			got[kind] = len(list)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		if !strings.Contains(r.notes, "*.mpp.example.go.id") || !strings.Contains(r.notes, "tenant apply") {
			t.Errorf("%s: the notes do not say what is next: %s", name, r.notes)
		}
	}
}

func TestContainersCannotDoMore(t *testing.T) {
	each(t, func(t *testing.T, r release) {
		for name, pod := range pods(r) {
			s, p := pod.Spec, pod.Spec.SecurityContext
			if !*p.RunAsNonRoot || *p.RunAsUser != 65532 || p.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
				t.Errorf("%s: pod security %+v", name, p)
			}
			if *s.AutomountServiceAccountToken || s.HostNetwork || s.HostPID || s.HostIPC || len(s.InitContainers) > 0 {
				t.Errorf("%s: token, host namespace or unchecked init container", name)
			}
			if len(s.Containers) != 1 || s.Containers[0].Name != name {
				t.Fatalf("%s: containers %v", name, s.Containers)
			}
			c := s.Containers[0]
			x := c.SecurityContext
			if !*x.RunAsNonRoot || *x.RunAsUser != 65532 || !*x.ReadOnlyRootFilesystem || *x.AllowPrivilegeEscalation || *x.Privileged ||
				!slices.Equal(x.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(x.Capabilities.Add) > 0 {
				t.Errorf("%s: container security %+v", name, x)
			}
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s: resources %+v", name, c.Resources)
			}
			if c.VolumeMounts[0].MountPath != "/tmp" || s.Volumes[0].EmptyDir == nil || s.Volumes[0].EmptyDir.SizeLimit.IsZero() {
				t.Errorf("%s: no bounded /tmp", name)
			}
		}
		if sa := one[*corev1.ServiceAccount](r); *sa.AutomountServiceAccountToken {
			t.Error("the account's token is mounted")
		}
	})
}

func TestIngressHosts(t *testing.T) {
	hosts := []string{"mpp.example.go.id", "*.mpp.example.go.id"}
	each(t, func(t *testing.T, r release) {
		in := one[*networkingv1.Ingress](r)
		if in == nil {
			return
		}
		service := one[*corev1.Service](r)
		var got []string
		for _, rule := range in.Spec.Rules {
			got = append(got, rule.Host)
			if b := rule.HTTP.Paths[0].Backend.Service; b.Name != service.Name || b.Port.Name != service.Spec.Ports[0].Name {
				t.Errorf("%s goes to %+v", rule.Host, b)
			}
		}
		if !slices.Equal(got, hosts) {
			t.Errorf("hosts %v", got)
		}
		for _, tls := range in.Spec.TLS {
			if !slices.Equal(tls.Hosts, hosts) || tls.SecretName != "mall-pendopo-tls" {
				t.Errorf("tls %+v", tls)
			}
		}
	})
	in := one[*networkingv1.Ingress](must(t, "default", ""))
	if len(in.Spec.TLS) != 1 || in.Annotations["nginx.ingress.kubernetes.io/proxy-buffering"] != "off" ||
		in.Annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"] != "3600" {
		t.Errorf("default ingress: tls %v, annotations %v", in.Spec.TLS, in.Annotations)
	}
}

func TestRegionsOwnDomains(t *testing.T) {
	in := one[*networkingv1.Ingress](must(t, "default", "ingress: {ownDomains: [{host: mpp.bangka.go.id, secretName: mpp-bangka-tls}]}"))
	last := in.Spec.Rules[len(in.Spec.Rules)-1]
	if len(in.Spec.Rules) != 3 || last.Host != "mpp.bangka.go.id" || last.HTTP.Paths[0].Backend.Service.Name != in.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name {
		t.Errorf("rules %+v", in.Spec.Rules)
	}
	if tls := in.Spec.TLS[len(in.Spec.TLS)-1]; len(in.Spec.TLS) != 2 || tls.SecretName != "mpp-bangka-tls" || !slices.Equal(tls.Hosts, []string{"mpp.bangka.go.id"}) {
		t.Errorf("tls %+v", in.Spec.TLS)
	}
}

func TestOwnerRoleIsForMigrateOnly(t *testing.T) {
	const app, owner, master = "PENDOPO_DATABASE_URL", "PENDOPO_OWNER_DATABASE_URL", "PENDOPO_MASTER_KEY"
	for name, want := range map[string]map[string]string{ // the Secret and key behind each variable
		"default":                {app: "mall-pendopo/database-url", owner: "mall-pendopo-migrate/owner-database-url", master: "mall-pendopo/master-key"},
		"external secret":        {app: "db/database-url", owner: "db/owner-database-url", master: "db/master-key"},
		"two secrets":            {app: "db/database-url", owner: "owner/root.url", master: "kms/pendopo.key"},
		"external database only": {app: "db/database-url", owner: "db/owner-database-url", master: "mall-pendopo/master-key"},
	} {
		for container, pod := range pods(must(t, name, "")) {
			got := map[string]string{}
			for _, e := range pod.Spec.Containers[0].Env {
				if e.ValueFrom != nil {
					got[e.Name] = e.ValueFrom.SecretKeyRef.Name + "/" + e.ValueFrom.SecretKeyRef.Key
				}
			}
			// The master key is the service's alone: who migrates reads nobody's data.
			only := map[string]map[string]string{"pendopo": {app: want[app], master: want[master]}, "migrate": {owner: want[owner]}}[container]
			if !maps.Equal(got, only) {
				t.Errorf("%s: %s reads %v", name, container, got)
			}
		}
	}
	each(t, func(t *testing.T, r release) {
		text, _ := json.Marshal(one[*appsv1.Deployment](r))
		if strings.Contains(strings.ToLower(string(text)), "owner") {
			t.Errorf("the Deployment knows of the owner: %s", text)
		}
		job := one[*batchv1.Job](r)
		if job == nil {
			return
		}
		hook, weight := job.Annotations["helm.sh/hook"], job.Annotations["helm.sh/hook-weight"]
		if hook != "pre-install,pre-upgrade" || weight != "0" || *job.Spec.BackoffLimit != 3 ||
			job.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyNever || job.Spec.Template.Spec.ServiceAccountName != "default" ||
			len(job.Spec.Template.Spec.Containers[0].EnvFrom) > 0 {
			t.Errorf("job needs what does not exist before the install, or is no hook: %+v", job)
		}
		for _, o := range append(slices.Clone(r.objects["Secret"]), job) {
			if o != job && !strings.HasSuffix(o.GetName(), "-migrate") {
				continue
			}
			a := o.GetAnnotations()
			if a["helm.sh/hook"] != hook || a["helm.sh/hook-delete-policy"] != "before-hook-creation,hook-succeeded" {
				t.Errorf("%s: hook annotations %v", o.GetName(), a)
			}
			if s, ok := o.(*corev1.Secret); ok && (len(s.StringData) != 1 || a["helm.sh/hook-weight"] != "-10") {
				t.Errorf("%s: one key and before the Job, got %d keys, %v", s.Name, len(s.StringData), a)
			}
		}
	})
}

func TestSelectorsMatch(t *testing.T) {
	each(t, func(t *testing.T, r release) {
		p := pods(r)
		d, service := one[*appsv1.Deployment](r), one[*corev1.Service](r)
		selectors := map[string]*metav1.LabelSelector{
			"deployment": d.Spec.Selector, "pdb": one[*policyv1.PodDisruptionBudget](r).Spec.Selector,
			"service": {MatchLabels: service.Spec.Selector},
		}
		for i, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
			selectors[fmt.Sprint("spread ", i)] = c.LabelSelector
		}
		if len(selectors) != 5 {
			t.Errorf("want two spread constraints, selectors %v", selectors)
		}
		for name, selector := range selectors {
			s, err := metav1.LabelSelectorAsSelector(selector)
			if err != nil || s.Empty() || !s.Matches(labels.Set(p["pendopo"].Labels)) || s.Matches(labels.Set(p["migrate"].Labels)) {
				t.Errorf("%s: %v must match web pods only (%v)", name, s, err)
			}
		}
		if np := one[*networkingv1.NetworkPolicy](r); np != nil {
			for name, pod := range p {
				if s := labels.SelectorFromSet(np.Spec.PodSelector.MatchLabels); !s.Matches(labels.Set(pod.Labels)) {
					t.Errorf("network policy misses %s", name)
				}
			}
		}
	})
}

func TestProbesAndStop(t *testing.T) {
	c := one[*appsv1.Deployment](must(t, "default", "")).Spec.Template.Spec
	for path, p := range map[string]*corev1.Probe{"/healthz": c.Containers[0].LivenessProbe, "/readyz": c.Containers[0].ReadinessProbe} {
		if p.HTTPGet.Path != path || p.HTTPGet.Port.String() != "http" || c.Containers[0].Ports[0].ContainerPort != 8080 {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if s := c.Containers[0].StartupProbe; s.HTTPGet.Path != "/healthz" || *c.TerminationGracePeriodSeconds != 45 || c.Containers[0].Lifecycle != nil {
		t.Errorf("startup %+v, stop after %d, %v", s, *c.TerminationGracePeriodSeconds, c.Containers[0].Lifecycle)
	}
	// The app is told to end before it is killed, and has time for requests after the drain, also at the bounds.
	for _, period := range []int64{15, 45, 605} {
		r := must(t, "default", fmt.Sprintf("terminationGracePeriodSeconds: %d", period))
		config := one[*corev1.ConfigMap](r).Data
		grace, err := time.ParseDuration(config["PENDOPO_GRACE"])
		drain, err2 := time.ParseDuration(config["PENDOPO_DRAIN"])
		killed := time.Duration(*one[*appsv1.Deployment](r).Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
		if err := errors.Join(err, err2); err != nil || killed != time.Duration(period)*time.Second || killed-grace != 5*time.Second || grace < 2*drain || grace > 10*time.Minute {
			t.Errorf("%d s: grace %v, drain %v, killed after %v, %v", period, grace, drain, killed, err)
		}
	}
}

func TestValuesReachThePods(t *testing.T) {
	type seen struct{ config, secret, image string }
	at := func(set, extra string) seen {
		p := one[*appsv1.Deployment](must(t, set, extra)).Spec.Template
		return seen{p.Annotations["checksum/config"], p.Annotations["checksum/secret"], p.Spec.Containers[0].Image}
	}
	first := at("default", "")
	if len(first.config) != 64 || len(first.secret) != 64 || !strings.HasSuffix(first.image, ":"+load(t).Metadata.AppVersion) {
		t.Errorf("default: %+v", first)
	}
	for _, c := range []string{"log: text", "limits: off", "publicScheme: http", "trustedProxies: [10.0.0.1]", "domain: a.id", "terminationGracePeriodSeconds: 60"} {
		if got := at("default", c); got.config == first.config || got.secret != first.secret {
			t.Errorf("%s: checksum/config must change, and nothing else", c)
		}
	}
	if got := at("default", "database: {url: 'postgres://new'}"); got.secret == first.secret || got.config != first.config {
		t.Error("the app role's URL must change checksum/secret, and nothing else")
	}
	if got := at("default", "masterKey: {value: '"+strings.Repeat("B", 42)+"A='}"); got.secret == first.secret || got.config != first.config {
		t.Error("the master key must change checksum/secret, and nothing else")
	}
	if at("default", "database: {ownerUrl: 'postgres://new'}") != first {
		t.Error("the owner role's URL must restart nothing")
	}
	if got := at("digest", "").image; got != "ghcr.io/pendopo-id/pendopo@sha256:"+strings.Repeat("0a", 32) {
		t.Errorf("digest: %s", got)
	}
	config := one[*corev1.ConfigMap](must(t, "two replicas", "")).Data
	if config["PENDOPO_TRUSTED_PROXIES"] != "10.0.0.0/8,fd00::/8" || config["PENDOPO_LIMITS"] != "off" || config["PENDOPO_DOMAIN"] != "mpp.example.go.id" {
		t.Errorf("config %v", config)
	}
	if n := one[*appsv1.Deployment](must(t, "hpa", "")).Spec.Replicas; n != nil {
		t.Errorf("replicas %d fight the autoscaler", *n)
	}
}

// The service is told where its checkpoints are, and the volume that was named is there.
func TestCheckpointsAreOnAVolume(t *testing.T) {
	each(t, func(t *testing.T, r release) {
		where := one[*corev1.ConfigMap](r).Data["PENDOPO_CHECKPOINTS"]
		pod := one[*appsv1.Deployment](r).Spec.Template.Spec
		var volume *corev1.Volume
		for i := range pod.Volumes {
			if pod.Volumes[i].Name == "checkpoints" {
				volume = &pod.Volumes[i]
			}
		}
		mounted := ""
		for _, m := range pod.Containers[0].VolumeMounts {
			if m.Name == "checkpoints" && !m.ReadOnly {
				mounted = m.MountPath
			}
		}
		switch {
		case where == "off" && volume == nil && mounted == "" && strings.Contains(r.notes, "checkpoints.enabled=false"):
		case where == "/checkpoints" && mounted == where && volume != nil && (volume.NFS != nil || volume.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim.ClaimName == "points"):
		default:
			t.Errorf("%q, mounted at %q: %+v", where, mounted, volume)
		}
	})
	if w := one[*corev1.ConfigMap](must(t, "everything", "")).Data["PENDOPO_CHECKPOINTS"]; w != "/checkpoints" {
		t.Errorf("with a volume: %q", w)
	}
}

func TestMistakesAreRefused(t *testing.T) {
	for _, c := range data[[]struct{ Values, Names any }](t, "refused.yaml") {
		extra, _ := json.Marshal(c.Values)
		if _, err := render(t, "mall", values(t, "default", string(extra))); err == nil || !strings.Contains(err.Error(), c.Names.(string)) {
			t.Errorf("%s: want a refusal that names %q, got %v", extra, c.Names, err)
		}
	}
}

func TestNamesFit(t *testing.T) {
	long := strings.Repeat("a", 50) + "-bc" // 53 is Helm's own limit
	for _, extra := range []string{"", "fullnameOverride: " + strings.Repeat("b.", 60) + "c", "nameOverride: " + strings.Repeat("c", 90)} {
		r, err := render(t, long, values(t, "everything", extra))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range slices.Concat(slices.Collect(maps.Values(r.objects))...) {
			if bad := validation.IsDNS1035Label(o.GetName()); len(bad) > 0 {
				t.Errorf("%T %q: %v", o, o.GetName(), bad)
			}
			for key, value := range o.GetLabels() {
				if bad := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); len(bad) > 0 {
					t.Errorf("%T label %s=%q: %v", o, key, value, bad)
				}
			}
		}
	}
}

// TestEnvironmentIsTheApps fails when the chart names a variable that the service does not read.
func TestEnvironmentIsTheApps(t *testing.T) {
	files, _ := filepath.Glob("testdata/config/*.go")
	if len(files) == 0 {
		t.Skip("internal/config is not there yet")
	}
	var config strings.Builder
	for _, file := range files {
		text, _ := os.ReadFile(file)
		config.Write(text)
	}
	for _, f := range load(t).Raw {
		for _, name := range regexp.MustCompile(`PENDOPO_[A-Z_]+`).FindAllString(string(f.Data), -1) {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(config.String()) {
				t.Errorf("%s: internal/config does not read %s", f.Name, name)
			}
		}
	}
}

var update = flag.Bool("update", false, "write the table of values into the chart's README.md")

// TestValuesAreDocumented keeps values.yaml, its schema and the table in README.md the same. A comment that
// begins with "# --" documents the key below it; a key without one must be a map of documented keys.
func TestValuesAreDocumented(t *testing.T) {
	var doc node.Node
	var root map[string]any
	text, _ := os.ReadFile(chartDir + "/values.yaml")
	if err := errors.Join(node.Unmarshal(text, &doc), json.Unmarshal(load(t).Schema, &root)); err != nil {
		t.Fatal(err)
	}
	table := "| Key | Default | Meaning |\n|---|---|---|\n"
	var walk func(n *node.Node, schema any, prefix string)
	walk = func(n *node.Node, schema any, prefix string) {
		s, _ := schema.(map[string]any)
		known, _ := s["properties"].(map[string]any)
		if n.Kind != node.MappingNode || s["additionalProperties"] != false || len(known) != len(n.Content)/2 {
			t.Errorf("%q: undocumented, or its schema has other keys or takes unknown ones", prefix)
			return
		}
		for pair := range slices.Chunk(n.Content, 2) {
			name, value := prefix+pair[0].Value, any(nil)
			_, comment, ok := strings.Cut(pair[0].HeadComment, "# -- ")
			if !ok {
				walk(pair[1], known[pair[0].Value], name+".")
				continue
			}
			if err := pair[1].Decode(&value); err != nil || known[pair[0].Value] == nil {
				t.Errorf("%s: %v, schema %v", name, err, known[pair[0].Value])
			}
			def, _ := json.Marshal(value)
			table += fmt.Sprintf("| `%s` | `%s` | %s |\n", name, def, strings.ReplaceAll(comment, "\n# ", " "))
		}
	}
	delete(root["properties"].(map[string]any), "global") // Helm's own
	walk(doc.Content[0], root, "")
	file := chartDir + "/README.md"
	old, _ := os.ReadFile(file)
	marks := regexp.MustCompile(`(?s)(<!-- values: .*? -->\n).*(<!-- end of values -->)`)
	want := marks.ReplaceAll(old, []byte("${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}"))
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Error(err)
		}
	} else if !bytes.Equal(old, want) || !marks.Match(old) {
		t.Error("the table in README.md is not what values.yaml says: go test ./... -update")
	}
}
