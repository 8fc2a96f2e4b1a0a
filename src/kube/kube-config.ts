import { KubeConfig } from "@kubernetes/client-node";

/**
 * The way to the API server: the file, else the ones that KUBECONFIG names, else ~/.kube/config, else the service account of the pod.
 * @throws Error naming the file that cannot be read, or the context that is missing.
 */
export function loadKubeConfig(file?: string): KubeConfig {
  const config = new KubeConfig();
  if (file !== undefined) loadFile(config, file);
  else config.loadFromDefault();
  if (!config.getCurrentCluster()) {
    throw new Error(
      `kubeconfig ${file ?? "by default"}: current-context "${config.getCurrentContext()}" names no cluster`,
    );
  }
  return config;
}

function loadFile(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new Error(`kubeconfig ${file} cannot be read: ${String(error)}`, { cause: error });
  }
}
