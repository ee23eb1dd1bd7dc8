-- Tasks, their experiments, and what of a task is secret. Names and types are those of databases that other
-- versions of the tool have written, so that these open in place; what they lack is added when they are opened.
CREATE TABLE IF NOT EXISTS tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task_name VARCHAR NOT NULL,
  description VARCHAR,
  status VARCHAR(9) DEFAULT 'PENDING',
  model_config JSON NOT NULL,
  base_runtime VARCHAR NOT NULL,
  runtime_image_tag VARCHAR,
  parameters JSON NOT NULL,
  optimization_config JSON NOT NULL,
  benchmark_config JSON NOT NULL,
  slo_config JSON,
  quant_config JSON,
  parallel_config JSON,
  clusterbasemodel_config JSON,
  clusterservingruntime_config JSON,
  created_clusterbasemodel VARCHAR,
  created_clusterservingruntime VARCHAR,
  deployment_mode VARCHAR DEFAULT 'docker',
  gpu_type VARCHAR,
  metadata JSON,
  total_experiments INTEGER DEFAULT 0,
  successful_experiments INTEGER DEFAULT 0,
  best_experiment_id INTEGER REFERENCES experiments (id) ON DELETE SET NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  started_at TIMESTAMP,
  completed_at TIMESTAMP,
  elapsed_time FLOAT,
  run INTEGER DEFAULT 0,
  planned_experiments INTEGER,
  error_message TEXT,
  worker_id VARCHAR,
  row_version INTEGER DEFAULT 0,
  stop_reason TEXT,
  archived INTEGER DEFAULT 0,
  extra JSON
);

CREATE TABLE IF NOT EXISTS experiments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  experiment_id INTEGER NOT NULL,
  parameters JSON NOT NULL,
  status VARCHAR(12) DEFAULT 'PENDING',
  error_message VARCHAR,
  metrics JSON,
  objective_score FLOAT,
  gpu_info JSON,
  service_name VARCHAR,
  service_url VARCHAR,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  started_at TIMESTAMP,
  completed_at TIMESTAMP,
  elapsed_time FLOAT,
  run INTEGER NOT NULL DEFAULT 1,
  worker_id VARCHAR,
  slo_violation INTEGER,
  slo TEXT,
  objective_value FLOAT,
  penalty FLOAT,
  error_code TEXT,
  error_class TEXT,
  simulated INTEGER DEFAULT 0,
  details JSON,
  gpu_series JSON
);

CREATE TABLE IF NOT EXISTS task_secrets (
  task_id INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
  secrets JSON NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS tasks_by_name ON tasks (task_name);
CREATE INDEX IF NOT EXISTS tasks_by_status ON tasks (status);
CREATE INDEX IF NOT EXISTS tasks_by_created_at ON tasks (created_at);
CREATE UNIQUE INDEX IF NOT EXISTS experiments_by_number ON experiments (task_id, run, experiment_id);
CREATE INDEX IF NOT EXISTS experiments_by_score ON experiments (objective_score);
