import { join } from "node:path";
import { kubeconfig, path } from "./certificates.ts";
import { binary } from "./control-plane.ts";
import { writeIfChanged } from "./files.ts";
import { addresses, adminKubeconfig, apiServer, type NodePlan, nodeState, stateDirectory } from "./paths.ts";

const pauseImage = "jet.local/pause:1";

/** Without CAP_SYS_RESOURCE runc cannot lower oom_score_adj, and every sandbox would fail: told to containerd. */
const containerdConfig = `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;

/** Pods have routes to the pods, services and nodes of this cluster and to nothing else. */
const cniConfig = (node: NodePlan) =>
  `${JSON.stringify(
    {
      cniVersion: "0.4.0",
      name: "jet",
      plugins: [
        {
          type: "bridge",
          bridge: "cni0",
          isGateway: true,
          ipMasq: false,
          hairpinMode: true,
          ipam: {
            type: "host-local",
            ranges: [[{ subnet: node.podRange }]],
            routes: [addresses.services, addresses.pods, addresses.nodes].map((dst) => ({ dst })),
          },
        },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
    },
    undefined,
    2,
  )}\n`;

const kubeletConfig = (node: NodePlan) => `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: ${node.address}
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "${path("ca.crt")}"}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: /${node.id}
failCgroupV1: false
clusterDNS: ["${addresses.master}"]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
failSwapOn: false
healthzBindAddress: 127.0.0.1
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
maxOpenFiles: 20000
registerWithTaints: []
resolvConf: ${join(nodeState(node), "resolv.conf")}
serializeImagePulls: false
tlsCertFile: ${path(`${node.name}.crt`)}
tlsPrivateKeyFile: ${path(`${node.name}.key`)}
`;

const proxyConfig = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: "${join(stateDirectory, "kube-proxy.kubeconfig")}"}
clusterCIDR: ${addresses.pods}
conntrack: {maxPerCore: 0, min: 0, tcpCloseWaitTimeout: 0s, tcpEstablishedTimeout: 0s}
mode: nftables
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
`;

export function writeNodeFiles(node: NodePlan): void {
  const state = nodeState(node);
  writeIfChanged(join(state, "containerd.toml"), containerdConfig);
  writeIfChanged(join(state, "root/etc/cni/net.d/10-jet.conflist"), cniConfig(node));
  writeIfChanged(join(state, "kubelet.yaml"), kubeletConfig(node));
  // No search domains: the kubelet would add them to every pod's own.
  writeIfChanged(join(state, "resolv.conf"), `nameserver ${addresses.master}\n`);
  writeIfChanged(join(state, "kubelet.kubeconfig"), kubeconfig(node.name, apiServer));
  writeIfChanged(join(state, "kube-proxy.yaml"), proxyConfig);
}

const here = (script: string) => join(import.meta.dirname, script);
const nodeProgram = process.execPath;

/** Command lines of one node by component name, in the order of their start. */
export const nodeComponents: Record<string, (node: NodePlan) => string[]> = {
  containerd: (node) => [
    "/usr/bin/containerd",
    "--config",
    join(nodeState(node), "containerd.toml"),
    "--log-level",
    "warn",
  ],
  kubelet: (node) => [
    binary("kubelet"),
    `--config=${join(nodeState(node), "kubelet.yaml")}`,
    `--kubeconfig=${join(nodeState(node), "kubelet.kubeconfig")}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${node.address}`,
    "--root-dir=/var/lib/kubelet",
    `--node-labels=topology.kubernetes.io/zone=${node.zone}`,
  ],
  "kube-proxy": (node) => [
    binary("kube-proxy"),
    `--config=${join(nodeState(node), "kube-proxy.yaml")}`,
    `--hostname-override=${node.name}`,
  ],
  "network-policies": () => [
    ...[nodeProgram, here("network-policy-enforcer.ts")],
    ...["--kubeconfig", adminKubeconfig, "--dns-address", addresses.master],
  ],
};

/** Once a cluster, on the first node. */
export const provisioner = (): string[] => [
  ...[nodeProgram, here("provisioner.ts")],
  ...["--kubeconfig", adminKubeconfig, "--directory", join(stateDirectory, "volumes")],
];
