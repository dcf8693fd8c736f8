DROP TABLE metric_samples;
DROP TABLE alerts;
